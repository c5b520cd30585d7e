-- Messages are stored in groups, one statement for all that nodes have at a time; and when each was read is kept.

-- Whoever says something again is found by who they are, whatever the room: the first column is not the room, so that no
-- plan reads a whole room for it. Old nodes name the constraint and its columns.
ALTER TABLE communication.messages
    DROP CONSTRAINT one_message_a_client_id,
    ADD CONSTRAINT one_message_a_client_id UNIQUE (sender_id, client_id, room_id),
    -- A message has its room and its sender from `members`, which refers to both; to check each row again cost as much as
    -- to store it, and a lock on its sender. What is lost: with its members gone, a room or user could be deleted under it.
    DROP CONSTRAINT messages_room_id_fkey,
    DROP CONSTRAINT messages_sender_id_fkey;

-- Their rows change with each message: new versions find room on their page, and leave the indexes alone.
ALTER TABLE communication.rooms SET (fillfactor = 50);
ALTER TABLE communication.members SET (fillfactor = 50);

-- Which messages a member has read when: each row those after `after_seq`, up to `seq`. What was read before there was this
-- table, or by a node of the version before, is in no row. Kept as long as the messages. Whoever erases an account
-- deletes its rows, room by room as `members` has them; they hold no words.
CREATE TABLE communication.reads (
    room_id uuid NOT NULL,
    user_id uuid NOT NULL,
    after_seq bigint NOT NULL CHECK (after_seq >= 0),
    seq bigint NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (room_id, user_id, seq),
    CONSTRAINT reads_move_on CHECK (after_seq < seq)
);

-- Stores drafts, place by place in these columns; `n` counts them from 1. No row: the sender has used this client id in the
-- room before, may not write there, or replies to what is not there. A draft has no second one with its room, sender
-- and client id in the same call.
-- First the rooms are locked, in the order of their ids, so that no two calls wait for each other: numbers are given out one
-- call at a time, and no connection ends before its messages are in. What follows is a command of its own, and so sees all
-- that was there when the locks were got. Plans are made once, and of indexes, as they must fit when the tables have grown.
CREATE FUNCTION communication.say(
    ids uuid[], room_ids uuid[], sender_ids uuid[], client_ids text[], types text[], contents text[], replies_to uuid[],
    times timestamptz[]
) RETURNS TABLE (n bigint, seq bigint, number bigint, members uuid[])
LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
AS $$
#variable_conflict use_column
BEGIN
    PERFORM FROM communication.rooms r
    JOIN interaction.connections c ON c.id = r.connection_id
    WHERE r.id = ANY (room_ids)
    ORDER BY r.id
    FOR NO KEY UPDATE OF r FOR SHARE OF c;

    RETURN QUERY
    WITH draft AS (
        SELECT d.*, r.last_seq, r.last_news, row_number() OVER (PARTITION BY d.room_id ORDER BY d.n) AS nth
        FROM unnest(ids, room_ids, sender_ids, client_ids, types, contents, replies_to, times)
            WITH ORDINALITY AS d (id, room_id, sender_id, client_id, type, content, reply_to, created_at, n)
        JOIN communication.members m ON m.room_id = d.room_id AND m.user_id = d.sender_id
        JOIN communication.rooms r ON r.id = d.room_id
        JOIN interaction.connections c ON c.id = r.connection_id AND c.ended_at IS NULL
        WHERE (d.reply_to IS NULL OR d.room_id = (SELECT t.room_id FROM communication.messages t WHERE t.id = d.reply_to))
            AND NOT EXISTS (
                SELECT FROM communication.messages s
                WHERE s.sender_id = d.sender_id AND s.client_id = d.client_id
                    AND s.room_id IS NOT DISTINCT FROM d.room_id  -- no equality, for which there is another index
            )
    ), said AS (
        INSERT INTO communication.messages (id, room_id, seq, sender_id, client_id, type, content, reply_to, created_at)
        SELECT id, room_id, last_seq + nth, sender_id, client_id, type, content, reply_to, created_at FROM draft
    ), noted AS (
        INSERT INTO communication.outbox (lane, number, event, subject)
        SELECT room_id, last_news + nth, 'chat:message', id FROM draft
    ), counted AS (
        UPDATE communication.rooms r SET last_seq = r.last_seq + more.messages, last_news = r.last_news + more.messages
        FROM (SELECT room_id, count(*) AS messages FROM draft GROUP BY room_id) more
        WHERE r.id = more.room_id
    )
    SELECT
        draft.n, last_seq + nth, last_news + nth,
        ARRAY(SELECT m.user_id FROM communication.members m WHERE m.room_id = draft.room_id ORDER BY m.user_id)
    FROM draft;
END $$;

-- Members have read everything up to a `seq`: never backwards, never beyond what was said. A row for each member, in the
-- order of their ids, and whether anything has changed. A member is named once in a call.
CREATE FUNCTION communication.read(room_ids uuid[], user_ids uuid[], seqs bigint[], times timestamptz[])
RETURNS TABLE (n bigint, read_seq bigint, delivered_seq bigint, members uuid[])
LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
AS $$
#variable_conflict use_column
BEGIN
    PERFORM FROM unnest(room_ids, user_ids) AS asked (room_id, user_id)
    JOIN communication.members m ON m.room_id = asked.room_id AND m.user_id = asked.user_id
    ORDER BY m.room_id, m.user_id
    FOR NO KEY UPDATE OF m;

    RETURN QUERY
    WITH reader AS (
        SELECT asked.n, m.room_id, m.user_id, m.read_seq, m.delivered_seq, least(asked.seq, r.last_seq) AS seq, asked.at
        FROM unnest(room_ids, user_ids, seqs, times) WITH ORDINALITY AS asked (room_id, user_id, seq, at, n)
        JOIN communication.members m ON m.room_id = asked.room_id AND m.user_id = asked.user_id
        JOIN communication.rooms r ON r.id = asked.room_id
    ), moved AS (
        UPDATE communication.members m
        SET read_seq = reader.seq, delivered_seq = greatest(m.delivered_seq, reader.seq)
        FROM reader
        WHERE m.room_id = reader.room_id AND m.user_id = reader.user_id AND reader.seq > reader.read_seq
    ), noted AS (
        INSERT INTO communication.reads (room_id, user_id, after_seq, seq, at)
        SELECT room_id, user_id, read_seq, seq, at FROM reader WHERE seq > read_seq
    )
    SELECT
        reader.n, greatest(reader.read_seq, reader.seq), greatest(reader.delivered_seq, reader.seq),
        ARRAY(SELECT m.user_id FROM communication.members m WHERE m.room_id = reader.room_id ORDER BY m.user_id)
    FROM reader;
END $$;

-- What 0014 kept for the version before it.
DROP VIEW interaction.partings;
DROP TABLE identity.idempotency_keys;
