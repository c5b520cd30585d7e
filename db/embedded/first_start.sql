-- What a new cluster begins with, run once in single-user mode, a blank line after each statement.
-- The role is not a superuser, so that row-level security holds for it as it does in a deployment.

CREATE ROLE realtime LOGIN CREATEDB;

CREATE DATABASE realtime OWNER realtime;

