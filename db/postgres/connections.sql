-- Lasting connections between two users. A pair is passed in order, the smaller id first.

-- name: of_pair
-- The connection of the pair ($1, $2) while active; else the one that call $3 led to, though it has ended.
SELECT c.id, c.room_id, c.user_a, c.user_b, c.call_id, c.ended_at, c.video_enabled, c.created_at
FROM interaction.connections c
WHERE c.user_a = $1 AND c.user_b = $2 AND (c.ended_at IS NULL OR c.call_id = $3)
ORDER BY c.ended_at NULLS FIRST
LIMIT 1

-- name: connect
-- The connection of ($3, $4) from call $5, in the room that they have as friends, or a new one with its members.
WITH shared AS (
    SELECT r.id FROM social.friendships f
    JOIN communication.rooms r ON r.id = f.room_id
    WHERE f.user_a = $3 AND f.user_b = $4 AND f.ended_at IS NULL
    FOR NO KEY UPDATE OF r
), connection AS (
    INSERT INTO interaction.connections (id, user_a, user_b, call_id, created_at, room_id)
    VALUES ($1, $3, $4, $5, $6, coalesce((SELECT id FROM shared), $2))
), named AS (
    UPDATE communication.rooms r SET connection_id = $1 FROM shared WHERE r.id = shared.id
), made AS (
    INSERT INTO communication.rooms (id, connection_id, created_at)
    SELECT $2, $1, $6 WHERE NOT EXISTS (SELECT FROM shared)
    RETURNING id
)
INSERT INTO communication.members (room_id, user_id) SELECT made.id, who FROM made, unnest(ARRAY[$3, $4]::uuid[]) AS who

-- name: blocked
-- Whether one of the two has blocked the other, and whether a rule waits for people who keep in touch.
SELECT EXISTS (SELECT FROM identity.blocked_pairs WHERE one = $1 AND other = $2) AS blocked,
    :kept_connection AS rules

-- name: kept
-- With how many people each of users $1 keeps in touch, or did.
SELECT asked.id AS user_id, (
    SELECT count(DISTINCT CASE WHEN c.user_a = asked.id THEN c.user_b ELSE c.user_a END)
    FROM interaction.connections c WHERE asked.id IN (c.user_a, c.user_b)
) AS nth
FROM unnest($1::uuid[]) AS asked (id)

-- name: end
-- Connection $1 is over at $3, by its member $2.
UPDATE interaction.connections SET ended_at = $3, ended_by = $2
WHERE id = $1 AND $2 IN (user_a, user_b) AND ended_at IS NULL

-- name: of_member
-- Connection $1, if $2 is one of the two.
SELECT c.id, c.room_id, c.user_a, c.user_b, c.call_id, c.ended_at, c.video_enabled, c.created_at
FROM interaction.connections c
WHERE c.id = $1 AND $2 IN (c.user_a, c.user_b)

-- name: views
-- Connections of user $1 as they see them at $5, newest first: before connection $2 (null: from the newest), or only
-- connection $4.
SELECT
    c.id, c.room_id, c.ended_at, c.video_enabled, c.created_at,
    card.*, c.ended_at IS NOT NULL OR NOT EXISTS (
        SELECT FROM identity.visible_to($1, $5) seen WHERE seen.user_id = card.user_id
    ) AS hidden
FROM interaction.connections c
JOIN identity.cards card ON card.user_id = CASE WHEN c.user_a = $1 THEN c.user_b ELSE c.user_a END
WHERE $1 IN (c.user_a, c.user_b)
    AND c.id < coalesce($2::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
    AND ($4::uuid IS NULL OR c.id = $4)
ORDER BY c.id DESC
LIMIT $3

-- name: connected
-- Those of the pairs, users $1 with users $2 place by place, who are friends or have an active connection.
SELECT pair.one, pair.other
FROM unnest($1::uuid[], $2::uuid[]) AS pair (one, other)
WHERE (  -- as a join, all connections might be read for a few
    SELECT true FROM interaction.connections c
    WHERE c.user_a = least(pair.one, pair.other) AND c.user_b = greatest(pair.one, pair.other) AND c.ended_at IS NULL
) OR (
    SELECT true FROM social.friendships f
    WHERE f.user_a = least(pair.one, pair.other) AND f.user_b = greatest(pair.one, pair.other) AND f.ended_at IS NULL
)
