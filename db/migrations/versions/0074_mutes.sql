-- Who is in a room and wants none of its messages pushed.
ALTER TABLE communication.members ADD COLUMN muted_until timestamptz;
COMMENT ON COLUMN communication.members.muted_until IS 'Until when what is said there is not pushed to them; null: it is.';
