-- Rooms and what is said in them.

-- name: say
-- Store the next message of room $1 by its member $2, with its note in the outbox. Returns the message and the members to
-- tell. The room is locked: numbers are given out one at a time, and the connection cannot end before the message is in.
-- No row: the sender has used this client id before, or may not write in this room.
WITH place AS (
    SELECT r.id, r.last_seq
    FROM communication.rooms r
    JOIN communication.members m ON m.room_id = r.id AND m.user_id = $2
    JOIN interaction.connections c ON c.id = r.connection_id AND c.ended_at IS NULL
    WHERE r.id = $1
        AND ($7::uuid IS NULL OR EXISTS (SELECT FROM communication.messages WHERE id = $7 AND room_id = $1))
    FOR NO KEY UPDATE OF r FOR SHARE OF c
), said AS (
    INSERT INTO communication.messages (id, room_id, seq, sender_id, client_id, type, content, reply_to, created_at)
    SELECT $3, place.id, place.last_seq + 1, $2, $4, $5, $6, $7, $8 FROM place
    ON CONFLICT ON CONSTRAINT one_message_a_client_id DO NOTHING
    RETURNING *
), counted AS (
    UPDATE communication.rooms r SET last_seq = said.seq, last_news = r.last_news + 1 FROM said
    WHERE r.id = said.room_id
    RETURNING r.last_news
), noted AS (
    INSERT INTO communication.outbox (lane, number, event, subject)
    SELECT said.room_id, counted.last_news, 'chat:message', said.id FROM said, counted
)
SELECT
    said.*, counted.last_news AS number,
    ARRAY(SELECT m.user_id FROM communication.members m WHERE m.room_id = $1 ORDER BY m.user_id) AS members
FROM said, counted

-- name: to_announce
-- These messages as they are now, and the members to tell: those who may see the sender at $2.
SELECT s.*, ARRAY(
    SELECT m.user_id FROM communication.members m
    WHERE m.room_id = s.room_id AND (s.sender_id IS NULL OR EXISTS (
        SELECT FROM identity.visible_to(m.user_id, $2) seen WHERE seen.user_id = s.sender_id
    ))
    ORDER BY m.user_id
) AS members
FROM communication.messages s
WHERE s.id = ANY ($1::uuid[])

-- name: said_before
-- The message that this sender has sent under this client id.
SELECT * FROM communication.messages WHERE room_id = $1 AND sender_id = $2 AND client_id = $3

-- name: is_member
-- Whether $2 is a member of room $1, and whether anything can be said in it. No row: not a member.
SELECT c.ended_at IS NULL AS active
FROM communication.rooms r
JOIN communication.members m ON m.room_id = r.id AND m.user_id = $2
JOIN interaction.connections c ON c.id = r.connection_id
WHERE r.id = $1

-- name: members
-- The members of the room.
SELECT user_id FROM communication.members WHERE room_id = $1 ORDER BY user_id

-- name: history_before
-- Messages of room $1 between seq $2 and $3, both exclusive, the newest $4 of them, newest first.
SELECT * FROM communication.messages WHERE room_id = $1 AND seq > $2 AND seq < $3 ORDER BY seq DESC LIMIT $4

-- name: history_after
-- The same, the oldest $4 of them, oldest first.
SELECT * FROM communication.messages WHERE room_id = $1 AND seq > $2 AND seq < $3 ORDER BY seq LIMIT $4

-- name: read
-- Member $2 of room $1 has read everything up to $3: never backwards, never beyond what was said.
UPDATE communication.members m
SET read_seq = greatest(m.read_seq, least($3, r.last_seq)),
    delivered_seq = greatest(m.delivered_seq, least($3, r.last_seq))
FROM communication.rooms r
WHERE r.id = $1 AND m.room_id = r.id AND m.user_id = $2
RETURNING m.read_seq, m.delivered_seq

-- name: views
-- Rooms of user $1 as they see them at $5, newest first: before room $2 (null: from the newest), or only room $4.
SELECT
    r.id, r.connection_id, r.last_seq, r.created_at, own.read_seq, c.ended_at,
    (  -- the same as in profiles.sql, where `session:ready` takes it from
        SELECT count(*) FROM communication.messages s
        WHERE s.room_id = r.id AND s.seq > own.read_seq AND s.sender_id IS DISTINCT FROM $1
            AND s.deleted_at IS NULL
    ) AS unread,
    card.*, c.ended_at IS NOT NULL OR NOT EXISTS (
        SELECT FROM identity.visible_to($1, $5) seen WHERE seen.user_id = card.user_id
    ) AS hidden
FROM communication.members own
JOIN communication.rooms r ON r.id = own.room_id
JOIN interaction.connections c ON c.id = r.connection_id
JOIN identity.cards card ON card.user_id = CASE WHEN c.user_a = $1 THEN c.user_b ELSE c.user_a END
WHERE own.user_id = $1
    AND own.room_id < coalesce($2::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
    AND ($4::uuid IS NULL OR own.room_id = $4)
ORDER BY own.room_id DESC
LIMIT $3

-- name: latest
-- The latest message of each of these rooms.
SELECT s.*
FROM communication.rooms r
JOIN communication.messages s ON s.room_id = r.id AND s.seq = r.last_seq
WHERE r.id = ANY ($1::uuid[])
