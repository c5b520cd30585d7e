-- What is stored and has yet to be announced, written in the transaction that stores it and removed when all have
-- been told. A lane is told in the order of its numbers; whoever numbers it holds a lock, so that they are given out in
-- the order of commits and with no gap. The lane of a message is its room.
CREATE TABLE communication.outbox (
    lane uuid NOT NULL,
    number bigint NOT NULL CHECK (number > 0),
    event text NOT NULL CHECK (char_length(event) BETWEEN 1 AND 100),
    -- What the event tells of; how it is then is read when it is told.
    subject uuid NOT NULL,
    PRIMARY KEY (lane, number)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

-- How much there has been to tell in a room.
ALTER TABLE communication.rooms ADD COLUMN last_news bigint NOT NULL DEFAULT 0 CHECK (last_news >= 0);
UPDATE communication.rooms SET last_news = last_seq;
