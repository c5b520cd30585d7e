-- Video requests of two who are connected. Times are passed as timestamptz. Whoever changes requests of a connection has locked it.

-- name: connection
-- Connection $1, locked, if $2 is one of the two; and who the two are.
SELECT
    k.room_id, k.ended_at IS NOT NULL AS ended, k.video_enabled, own.gender AS own_gender,
    peer.user_id AS peer_id, peer.gender AS peer_gender
FROM interaction.connections k
JOIN identity.profiles own ON own.user_id = $2
JOIN identity.profiles peer ON peer.user_id = CASE WHEN k.user_a = $2 THEN k.user_b ELSE k.user_a END
WHERE k.id = $1 AND $2 IN (k.user_a, k.user_b)
FOR NO KEY UPDATE OF k

-- name: pending
-- The request that waits on connection $1.
SELECT r.* FROM interaction.video_requests r WHERE r.connection_id = $1 AND r.status = 'pending'

-- name: approved
-- The request by which calls on connection $1 have video.
SELECT r.* FROM interaction.video_requests r WHERE r.connection_id = $1 AND r.status = 'approved' ORDER BY r.id DESC LIMIT 1

-- name: expire
-- Request $1 has had no answer until $2. No row: it had one, or has time.
UPDATE interaction.video_requests SET status = 'expired' WHERE id = $1 AND status = 'pending' AND expires_at <= $2 RETURNING id

-- name: ask
-- Request $1 on connection $2 by $3, for $4 to answer, at $5 and until $6.
INSERT INTO interaction.video_requests (id, connection_id, requester_id, approver_id, requested_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6)

-- name: refused_at
-- When a request on connection $1 by user $2 was refused last.
SELECT max(r.responded_at) FROM interaction.video_requests r
WHERE r.connection_id = $1 AND r.requester_id = $2 AND r.status = 'rejected'

-- name: connection_of
-- The connection of request $1, if $2 is one of its two.
SELECT k.id FROM interaction.video_requests r
JOIN interaction.connections k ON k.id = r.connection_id AND $2 IN (k.user_a, k.user_b)
WHERE r.id = $1

-- name: request
-- Request $1, as it is at $2.
SELECT
    r.id, r.connection_id, r.requester_id, r.approver_id, r.requested_at, r.responded_at, r.expires_at,
    CASE WHEN r.status = 'pending' AND r.expires_at <= $2 THEN 'expired' ELSE r.status END AS status,
    k.user_a, k.user_b
FROM interaction.video_requests r
JOIN interaction.connections k ON k.id = r.connection_id
WHERE r.id = $1

-- name: answer
-- Request $1, which waits, is $2 (a status) since $3; after a yes, so are calls of the two. No row: it has just expired.
WITH answered AS (
    UPDATE interaction.video_requests SET status = $2, responded_at = $3 WHERE id = $1 AND status = 'pending'
    RETURNING connection_id, status
), enabled AS (
    UPDATE interaction.connections k SET video_enabled = true
    FROM answered WHERE k.id = answered.connection_id AND answered.status = 'approved'
)
SELECT true FROM answered

-- name: settle_notice
-- Whoever was to answer request $2, $1, has at $3: there is nothing new about it.
SELECT number FROM social.read_notifications($1, ARRAY(
    SELECT n.id FROM social.notifications n
    WHERE n.user_id = $1 AND n.kind = 'video_request' AND n.subject_id = $2 AND n.read_at IS NULL
), $3)

-- name: notices_between
-- What is shown at $3 to users $1 and $2 of being asked for video calls by the other, with whom they are not connected any more.
SELECT n.user_id, array_agg(n.id) AS ids
FROM social.notifications n
WHERE (n.about_id = $1 AND n.user_id = $2 OR n.about_id = $2 AND n.user_id = $1)
    AND n.kind = 'video_request' AND (n.expires_at IS NULL OR n.expires_at > $3) AND NOT EXISTS (
        SELECT FROM interaction.connections k
        WHERE k.user_a = least($1::uuid, $2::uuid) AND k.user_b = greatest($1::uuid, $2::uuid) AND k.ended_at IS NULL
    )
GROUP BY n.user_id
ORDER BY n.user_id

-- name: read_notices
-- Notifications $2 of user $1 count as read at $3. It holds their lane.
SELECT number FROM social.read_notifications($1, $2, $3)

-- name: hide_notices
-- And are not shown from then on.
UPDATE social.notifications SET expires_at = $3 WHERE user_id = $1 AND id = ANY ($2::uuid[])

-- name: page
-- Requests on connections of user $1, as they are at $4 (once the connection has ended, none waits), the newest $3 first: before request
-- $2 (null: from the newest).
SELECT
    r.id, r.connection_id, r.requester_id, r.approver_id, r.requested_at, r.responded_at, r.expires_at,
    CASE WHEN r.status = 'pending' AND (r.expires_at <= $4 OR k.ended_at IS NOT NULL) THEN 'expired' ELSE r.status END AS status,
    k.user_a, k.user_b
FROM interaction.connections k
JOIN interaction.video_requests r ON r.connection_id = k.id
WHERE $1 IN (k.user_a, k.user_b) AND r.id < coalesce($2::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
ORDER BY r.id DESC
LIMIT $3
