-- Rooms stand by themselves: they need no connection, have a kind, an end of their own, and members with a role who may join
-- late and leave.

-- In the order in which a connection is made.
LOCK TABLE interaction.connections, communication.rooms, communication.members IN ACCESS EXCLUSIVE MODE;

-- `connection_id` is the latest connection of the two, if they have had any. Nothing is said in a room that has ended.
ALTER TABLE communication.rooms
    ALTER COLUMN connection_id DROP NOT NULL,
    ADD COLUMN kind text NOT NULL DEFAULT 'direct' CHECK (kind IN ('direct', 'group')),
    ADD COLUMN ended_at timestamptz;
UPDATE communication.rooms r SET ended_at = c.ended_at
FROM interaction.connections c WHERE c.id = r.connection_id AND c.ended_at IS NOT NULL;

-- A member sees what was said after `joined_seq`, and counts it as read up to there. Who has left is a member no more; the row
-- stays, for how far they had read, and for when they come again.
ALTER TABLE communication.members
    ADD COLUMN role text NOT NULL DEFAULT 'member' CHECK (role IN ('owner', 'admin', 'member')),
    ADD COLUMN joined_seq bigint NOT NULL DEFAULT 0,
    ADD COLUMN left_at timestamptz,
    ADD CONSTRAINT joined_before_read CHECK (0 <= joined_seq AND joined_seq <= read_seq);

-- Several connections of a pair may have one room, one after the other. Null: made a moment ago by a node of the version before.
ALTER TABLE interaction.connections ADD COLUMN room_id uuid REFERENCES communication.rooms;
UPDATE interaction.connections c SET room_id = r.id FROM communication.rooms r WHERE r.connection_id = c.id;
CREATE INDEX connections_of_a_room ON interaction.connections (room_id);

-- Nodes of the version before tell only the room of its connection.
CREATE FUNCTION communication.room_has_a_connection() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE interaction.connections SET room_id = NEW.id WHERE id = NEW.connection_id AND room_id IS NULL;
    RETURN NULL;
END $$;
CREATE TRIGGER room_has_a_connection AFTER INSERT ON communication.rooms
    FOR EACH ROW WHEN (NEW.connection_id IS NOT NULL) EXECUTE FUNCTION communication.room_has_a_connection();

-- What keeps a direct room open: without any of it the room ends. A row for each room and what it has. Whoever begins something
-- locks the room first and finds it open; whoever ends something calls `end_room` after that. What is said at this moment is
-- stored before the room has ended, or not at all.
CREATE VIEW communication.grounds AS
SELECT c.room_id FROM interaction.connections c WHERE c.ended_at IS NULL;
COMMENT ON VIEW communication.grounds IS 'Rooms of two who have something that keeps their room open.';

CREATE FUNCTION communication.end_room(room uuid, at timestamptz) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    -- With the lock the next command sees what others have ended, or begun, in the same room meanwhile.
    PERFORM FROM communication.rooms r WHERE r.id = room FOR NO KEY UPDATE;
    UPDATE communication.rooms r SET ended_at = at
    WHERE r.id = room AND r.ended_at IS NULL AND NOT EXISTS (SELECT FROM communication.grounds g WHERE g.room_id = r.id);
END $$;

CREATE FUNCTION communication.end_room_with_connection() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM communication.end_room(NEW.room_id, NEW.ended_at);
    RETURN NULL;
END $$;
CREATE TRIGGER room_ends_with_its_connection AFTER UPDATE OF ended_at ON interaction.connections
    FOR EACH ROW WHEN (NEW.ended_at IS NOT NULL) EXECUTE FUNCTION communication.end_room_with_connection();

-- As 0015 made it, but that a room says itself whether it has ended. Locked are rooms and nothing else.
CREATE OR REPLACE FUNCTION communication.say(
    ids uuid[], room_ids uuid[], sender_ids uuid[], client_ids text[], types text[], contents text[], replies_to uuid[],
    times timestamptz[]
) RETURNS TABLE (n bigint, seq bigint, number bigint, members uuid[])
LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
AS $$
#variable_conflict use_column
BEGIN
    PERFORM FROM communication.rooms r WHERE r.id = ANY (room_ids) ORDER BY r.id FOR NO KEY UPDATE;

    RETURN QUERY
    WITH draft AS (
        SELECT d.*, r.last_seq, r.last_news, row_number() OVER (PARTITION BY d.room_id ORDER BY d.n) AS nth
        FROM unnest(ids, room_ids, sender_ids, client_ids, types, contents, replies_to, times)
            WITH ORDINALITY AS d (id, room_id, sender_id, client_id, type, content, reply_to, created_at, n)
        JOIN communication.members m ON m.room_id = d.room_id AND m.user_id = d.sender_id AND m.left_at IS NULL
        JOIN communication.rooms r ON r.id = d.room_id AND r.ended_at IS NULL
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
        ARRAY(
            SELECT m.user_id FROM communication.members m
            WHERE m.room_id = draft.room_id AND m.left_at IS NULL ORDER BY m.user_id
        )
    FROM draft;
END $$;

-- As 0025 made it, with the end of the room itself.
CREATE OR REPLACE FUNCTION communication.read(room_ids uuid[], user_ids uuid[], seqs bigint[], times timestamptz[])
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
        SELECT
            asked.n, m.room_id, m.user_id, m.read_seq, m.delivered_seq, least(asked.seq, r.last_seq) AS seq, asked.at,
            r.ended_at IS NULL AS active
        FROM unnest(room_ids, user_ids, seqs, times) WITH ORDINALITY AS asked (room_id, user_id, seq, at, n)
        JOIN communication.members m ON m.room_id = asked.room_id AND m.user_id = asked.user_id AND m.left_at IS NULL
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
        ARRAY(
            SELECT m.user_id FROM communication.members m
            WHERE m.room_id = reader.room_id AND m.left_at IS NULL AND (reader.active OR m.user_id = reader.user_id)
            ORDER BY m.user_id
        )
    FROM reader;
END $$;
