-- Who is banned signs in to see why and to appeal, and for nothing else.
ALTER TABLE identity.sessions ADD COLUMN restricted boolean NOT NULL DEFAULT false;
