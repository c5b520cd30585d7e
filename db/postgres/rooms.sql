-- Rooms and what is said in them.

-- name: say
-- Store drafts, place by place in these columns (arrays as text), each with its note in the outbox; what the function
-- promises is said where it is made (0031_rooms.sql). A row for each that was stored, by its place from 1. No row: its sender has used this
-- client id before, or may not write in this room.
SELECT n, seq, number, members
FROM communication.say(
    $1::text::uuid[], $2::text::uuid[], $3::text::uuid[], $4::text::text[], $5::text::text[], $6::text::text[],
    $7::text::uuid[], $8::text::timestamptz[]
)

-- name: say_one
-- The same of one draft alone (0048_one_message.sql).
SELECT n, seq, number, members FROM communication.say_one($1, $2, $3, $4, $5, $6, $7, $8)

-- name: to_announce
-- These messages as they are now, and the members to tell: those who may see the sender at $2.
SELECT s.*, ARRAY(
    SELECT m.user_id FROM communication.members m
    WHERE m.room_id = s.room_id AND m.left_at IS NULL AND m.joined_seq < s.seq AND (s.sender_id IS NULL OR EXISTS (
        SELECT FROM identity.visible_to(m.user_id, $2) seen WHERE seen.user_id = s.sender_id
    ))
    ORDER BY m.user_id
) AS members
FROM communication.messages s
WHERE s.id = ANY ($1::uuid[])

-- name: said_before
-- The message that this member of room $1 has sent there under this client id.
SELECT s.*
FROM communication.messages s
JOIN communication.members m ON m.room_id = s.room_id AND m.user_id = s.sender_id AND m.left_at IS NULL
WHERE s.room_id = $1 AND s.sender_id = $2 AND s.client_id = $3

-- name: members
-- All members of the rooms $1 of which users $2 are members, place by place from 1, and whether anything can be said there.
SELECT
    asked.n, r.ended_at IS NULL AS active,
    ARRAY(
        SELECT m.user_id FROM communication.members m WHERE m.room_id = own.room_id AND m.left_at IS NULL ORDER BY m.user_id
    ) AS members
FROM unnest($1::uuid[], $2::uuid[]) WITH ORDINALITY AS asked (room_id, user_id, n)
JOIN communication.members own ON own.room_id = asked.room_id AND own.user_id = asked.user_id AND own.left_at IS NULL
JOIN communication.rooms r ON r.id = own.room_id

-- name: history_before
-- Messages of room $1, as its member $5 reads them, between seq $2 and $3, both exclusive, the newest $4 of them, newest first.
-- No row: not a member. One of nulls: no such messages.
SELECT s.*
FROM communication.members m
LEFT JOIN LATERAL (
    SELECT * FROM communication.messages
    WHERE room_id = m.room_id AND seq > greatest($2, m.joined_seq) AND seq < $3 ORDER BY seq DESC LIMIT $4
) s ON true
WHERE m.room_id = $1 AND m.user_id = $5 AND m.left_at IS NULL
ORDER BY s.seq DESC

-- own: page
-- The newest $4 messages of room $2, as its member $1 reads them, before seq $3, newest first. Rows as those of `history_before`.
SELECT s.*
FROM communication.members m
LEFT JOIN LATERAL (
    SELECT * FROM communication.messages
    WHERE room_id = m.room_id AND seq > m.joined_seq AND seq < $3 ORDER BY seq DESC LIMIT $4
) s ON true
WHERE m.room_id = $2 AND m.user_id = $1 AND m.left_at IS NULL
ORDER BY s.seq DESC

-- name: history_after
-- As `history_before`, the oldest $4 of them, oldest first.
SELECT s.*
FROM communication.members m
LEFT JOIN LATERAL (
    SELECT * FROM communication.messages
    WHERE room_id = m.room_id AND seq > greatest($2, m.joined_seq) AND seq < $3 ORDER BY seq LIMIT $4
) s ON true
WHERE m.room_id = $1 AND m.user_id = $5 AND m.left_at IS NULL
ORDER BY s.seq

-- name: read
-- Members, rooms $1 with users $2, have read everything up to $3, at $4: place by place, from 1. No row: not a member.
SELECT n, read_seq, delivered_seq, members
FROM communication.read($1::uuid[], $2::uuid[], $3::bigint[], $4::timestamptz[])

-- name: views
-- Rooms of user $1 as they see them at $5, newest first: before room $2 (null: from the newest), or only room $4. Where friends go on
-- writing whose connection has ended, there is none.
SELECT
    r.id, r.kind, r.last_seq, r.created_at, r.ended_at, own.role, own.read_seq,
    (
        SELECT c.id FROM interaction.connections c
        WHERE c.id = r.connection_id AND (c.ended_at IS NULL OR r.ended_at IS NOT NULL)
    ) AS connection_id,
    (  -- the same as in sessions.sql, where `session:ready` takes it from
        SELECT count(*) FROM communication.messages s
        WHERE s.room_id = r.id AND s.seq > own.read_seq AND s.sender_id IS DISTINCT FROM $1
            AND s.deleted_at IS NULL
    ) AS unread,
    (SELECT count(*) FROM communication.members m WHERE m.room_id = r.id AND m.left_at IS NULL) AS member_count,
    card.*, r.ended_at IS NOT NULL OR NOT EXISTS (
        SELECT FROM identity.visible_to($1, $5) seen WHERE seen.user_id = card.user_id
    ) AS hidden
FROM communication.members own
JOIN communication.rooms r ON r.id = own.room_id
LEFT JOIN identity.cards card ON card.user_id = (
    SELECT peer.user_id FROM communication.members peer
    WHERE r.kind = 'direct' AND peer.room_id = r.id AND peer.user_id <> $1
)
WHERE own.user_id = $1 AND own.left_at IS NULL
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
