-- What is sent in a chat as a file is shown, and saved, under the name that it was uploaded with.
ALTER TABLE social.media ADD COLUMN name text;
COMMENT ON COLUMN social.media.name IS 'Of a file that is kept as it came; null: it has none.';
