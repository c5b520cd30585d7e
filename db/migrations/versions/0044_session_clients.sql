-- What the app says of itself when it connects: name, version, platform. Its owner reads it in the list of their sessions.
ALTER TABLE identity.sessions ADD COLUMN client jsonb CHECK (jsonb_typeof(client) = 'object');
