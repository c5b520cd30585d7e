-- An echo call is with the server itself: it has one participant.
ALTER TABLE interaction.calls DROP CONSTRAINT calls_origin_check;
ALTER TABLE interaction.calls ADD CONSTRAINT calls_origin_check CHECK (origin IN ('match', 'direct', 'echo')) NOT VALID;
