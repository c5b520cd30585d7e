-- Its owner reads it in the list of their sessions. Null: a node of the version before has opened the session.
ALTER TABLE identity.sessions ADD COLUMN network text;
