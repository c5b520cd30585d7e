-- The statements of server.mjs. Each is prepared once for each connection, under its name.

-- name: admit
-- User $1 with session $2 and the hash $3 of the refresh token of this access token, at $4. No row: no such session.
-- What `session:ready` says of them besides, and whether they may come in.
SELECT
    EXISTS (SELECT FROM identity.banned($4) b WHERE b.user_id = u.id) AS banned,
    t.void_at IS NOT NULL AS void, t.served_at IS NULL AND t.used_at IS NULL AS unserved,
    json_build_object(
        'id', u.id, 'email', u.email, 'username', u.username, 'role', u.role, 'display_name', p.display_name,
        'birth_date', p.birth_date, 'gender', p.gender, 'intent', p.intent, 'languages', p.languages, 'country', p.country,
        'city', p.city, 'bio', p.bio, 'photos', p.photos, 'seeking', json_build_object(
            'genders', p.seeking_genders, 'age_min', p.seeking_age_min, 'age_max', p.seeking_age_max
        ), 'created_at', u.created_at, 'updated_at', p.updated_at
    )::text AS me,
    (
        SELECT json_object_agg(m.room_id, waiting.unread)
        FROM node.members m
        JOIN node.rooms r ON r.id = m.room_id AND r.last_seq > m.read_seq
        CROSS JOIN LATERAL (
            SELECT count(*) AS unread FROM node.messages s
            WHERE s.room_id = m.room_id AND s.seq > m.read_seq AND s.sender_id <> m.user_id AND s.deleted_at IS NULL
        ) waiting
        WHERE m.user_id = u.id AND waiting.unread > 0
    )::text AS unread
FROM identity.sessions s
JOIN identity.users u ON u.id = s.user_id AND u.deleted_at IS NULL
JOIN identity.profiles p ON p.user_id = u.id
JOIN identity.refresh_tokens t ON t.hash = $3 AND t.session_id = s.id
WHERE s.id = $2 AND s.user_id = $1 AND s.revoked_at IS NULL

-- name: serve
-- The access token that came with refresh token $1 is used first at $2.
UPDATE identity.refresh_tokens SET served_at = $2 WHERE hash = $1 AND served_at IS NULL

-- name: say
-- Messages for as many rooms, place by place in these columns: the next of an open room, by its member. A row for each that
-- was stored. No row: no member, closed, or no such message to reply to. The rooms are locked in one order until the
-- commit, so `seq` has no gap; a client id used before fails as a whole, so it leaves none either.
WITH asked AS MATERIALIZED (
    SELECT * FROM unnest(
        $1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::uuid[], $8::timestamptz[]
    ) AS a (room_id, sender_id, id, client_id, type, content, reply_to, created_at)
), locked AS MATERIALIZED (
    SELECT r.id FROM node.rooms r WHERE r.id = ANY ($1::uuid[]) ORDER BY r.id FOR NO KEY UPDATE
), room AS (
    UPDATE node.rooms r SET last_seq = r.last_seq + 1
    FROM locked JOIN asked a ON a.room_id = locked.id
    WHERE r.id = locked.id AND r.closed_at IS NULL
        AND EXISTS (SELECT FROM node.members m WHERE m.room_id = a.room_id AND m.user_id = a.sender_id)
        AND (a.reply_to IS NULL OR EXISTS (
            SELECT FROM node.messages s WHERE s.id = a.reply_to AND s.room_id = a.room_id
        ))
    RETURNING r.last_seq, a.*
), said AS (
    INSERT INTO node.messages (id, room_id, seq, sender_id, client_id, type, content, reply_to, created_at)
    SELECT id, room_id, last_seq, sender_id, client_id, type, content, reply_to, created_at FROM room
), noted AS (
    INSERT INTO node.outbox (room_id, seq) SELECT room_id, last_seq FROM room
)
SELECT room_id, last_seq::int AS seq, (
    SELECT string_agg(m.user_id::text, ' ') FROM node.members m WHERE m.room_id = room.room_id
) AS members
FROM room

-- name: said_before
-- What $2 has said in room $1 under this client id.
SELECT * FROM node.messages WHERE room_id = $1 AND sender_id = $2 AND client_id = $3

-- name: room
-- Of room $1: whether it is closed, and its members.
SELECT closed_at IS NOT NULL AS closed, (
    SELECT string_agg(m.user_id::text, ' ') FROM node.members m WHERE m.room_id = $1
) AS members
FROM node.rooms WHERE id = $1

-- name: left_over
-- Rooms and numbers that wait to be announced.
SELECT room_id, seq::int AS seq FROM node.outbox ORDER BY room_id, seq LIMIT 200

-- name: of_room
-- What waits in room $1 after number $2, in order, with those to tell.
SELECT m.*, m.seq::int AS seq, (
    SELECT string_agg(u.user_id::text, ' ') FROM node.members u WHERE u.room_id = $1
) AS members
FROM node.outbox o JOIN node.messages m ON m.room_id = o.room_id AND m.seq = o.seq
WHERE o.room_id = $1 AND o.seq > $2 ORDER BY o.seq LIMIT 200

-- name: told
-- These have been announced: rooms $1 with numbers $2, place by place.
DELETE FROM node.outbox o USING unnest($1::uuid[], $2::bigint[]) t (room_id, seq)
WHERE o.room_id = t.room_id AND o.seq = t.seq

-- name: applicants
-- Users $1 who would queue at $2: the card, whom they seek, their values, whom they must not meet (met since $3), and when
-- matches failed through them since $4, the newest first.
SELECT
    u.id, EXISTS (SELECT FROM identity.banned($2) b WHERE b.user_id = u.id) AS banned, u.tier,
    p.seeking_genders AS genders, p.seeking_age_min AS age_min, p.seeking_age_max AS age_max,
    json_build_object(
        'user_id', u.id, 'display_name', p.display_name, 'age', extract(year FROM age($2::date, p.birth_date))::int,
        'gender', p.gender, 'intent', p.intent, 'languages', p.languages, 'country', p.country, 'city', p.city,
        'bio', p.bio, 'photo_url', p.photos ->> 0
    ) AS card,
    (SELECT json_object_agg(v.key, v.strength) FROM identity.user_values v WHERE v.user_id = u.id) AS strengths,
    ARRAY(SELECT a.other::text FROM node.apart(u.id, $3) a) AS apart,
    ARRAY(
        SELECT f.fault_at FROM node.participants f
        WHERE f.user_id = u.id AND f.fault_at >= $4 ORDER BY f.fault_at DESC LIMIT 3
    ) AS faults
FROM unnest($1::uuid[]) AS asked (id)
JOIN identity.users u ON u.id = asked.id AND u.deleted_at IS NULL
JOIN identity.profiles p ON p.user_id = u.id

-- name: apart
-- Whom user $1 must not meet: blocked, or met since $2.
SELECT other::text FROM node.apart($1, $2)

-- name: offers
-- Calls, place by place in these columns: of each null, or who is at fault. All users are locked first, in one order.
WITH asked AS MATERIALIZED (
    SELECT * FROM unnest(
        $1::uuid[], $2::text[], $3::timestamptz[], $4::uuid[], $5::uuid[], $6::json[], $7::timestamptz[], $8::boolean[]
    ) WITH ORDINALITY AS a (call, mode, at, one, other, why, since, suspects, place)
), locked AS MATERIALIZED (
    SELECT u.id FROM identity.users u WHERE u.id = ANY ($4::uuid[] || $5::uuid[]) ORDER BY u.id FOR NO KEY UPDATE
)
SELECT a.call, node.offer(a.call, a.mode, a.at, ARRAY[a.one, a.other], a.why, a.since, a.suspects) AS refused
FROM (SELECT count(*) FROM locked) AS held CROSS JOIN asked a

-- name: started
-- Both of each of calls $1 have accepted, at $2, place by place.
UPDATE node.calls c SET started_at = t.at
FROM unnest($1::uuid[], $2::timestamptz[]) t (id, at)
WHERE c.id = t.id AND c.started_at IS NULL

-- name: over
-- Call $1 has ended at $2 for reason $3 through users $5. No row: it had before, or user $4 (null: it is time) is not in it.
WITH let_go AS (
    UPDATE node.participants SET active = false, fault_at = CASE WHEN user_id = ANY ($5::uuid[]) THEN $2::timestamptz END
    WHERE call_id = $1 AND active
        AND ($4::uuid IS NULL OR EXISTS (SELECT FROM node.participants p WHERE p.call_id = $1 AND p.user_id = $4 AND p.active))
    RETURNING call_id
)
UPDATE node.calls c SET ended_at = $2, end_reason = $3
FROM (SELECT DISTINCT call_id FROM let_go) over
WHERE c.id = over.call_id AND c.ended_at IS NULL
RETURNING c.id

-- name: block
-- $1 blocks $2 at $3, which closes the rooms of the two.
WITH stored AS (
    INSERT INTO node.blocks (blocker_id, blocked_id, created_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING
)
UPDATE node.rooms r SET closed_at = $3
FROM node.members a JOIN node.members b ON b.room_id = a.room_id AND b.user_id = $2
WHERE a.user_id = $1 AND r.id = a.room_id AND r.closed_at IS NULL

-- name: see_each_other
-- Those of these pairs, users $1 with users $2 place by place, who share an open room.
SELECT p.one, p.other FROM unnest($1::uuid[], $2::uuid[]) AS p (one, other)
WHERE EXISTS (
    SELECT FROM node.members a
    JOIN node.members b ON b.room_id = a.room_id AND b.user_id = p.other
    JOIN node.rooms r ON r.id = a.room_id AND r.closed_at IS NULL
    WHERE a.user_id = p.one
)

-- name: waiting
-- What waits for any node at $1.
SELECT
    EXISTS (
        SELECT FROM identity.bans WHERE enforced_at IS NULL AND lifted_at IS NULL AND during @> $1::timestamptz
    ) AS bans,
    EXISTS (SELECT FROM node.outbox) AS outbox

-- name: banned
-- Who is banned at $1, which has not taken effect.
SELECT DISTINCT user_id FROM identity.bans WHERE enforced_at IS NULL AND lifted_at IS NULL AND during @> $1::timestamptz

-- name: enforced
-- It has for user $1, at $2.
UPDATE identity.bans SET enforced_at = $2
WHERE user_id = $1 AND enforced_at IS NULL AND lifted_at IS NULL AND during @> $2::timestamptz
