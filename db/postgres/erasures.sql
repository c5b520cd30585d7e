-- Accounts that await erasure. Times are passed as timestamptz.

-- name: ask
-- User $1 has asked for it at $2; it is to be done at $3, or when it was to be done already. No row: they are erased.
INSERT INTO identity.erasures AS e (user_id, asked_at, erases_at)
SELECT u.id, $2, $3 FROM identity.users u WHERE u.id = $1 AND u.deleted_at IS NULL
ON CONFLICT (user_id) DO UPDATE SET erases_at = e.erases_at WHERE e.begun_at IS NULL
RETURNING erases_at

-- name: take_back
-- User $1 stays, unless erasing has begun.
DELETE FROM identity.erasures WHERE user_id = $1 AND begun_at IS NULL RETURNING 1

-- name: begun
-- Whether it has begun for user $1.
SELECT EXISTS (SELECT FROM identity.erasures WHERE user_id = $1 AND begun_at IS NOT NULL)

-- name: awaits
-- Whether user $1 awaits erasure, or is being erased.
SELECT EXISTS (SELECT FROM identity.erasures WHERE user_id = $1)

-- name: begin
-- It begins for user $1 at $2, if it is time. No row: it is not, was taken back, or has begun before.
UPDATE identity.erasures SET begun_at = $2 WHERE user_id = $1 AND begun_at IS NULL AND erases_at <= $2 RETURNING 1

-- name: done
-- Nothing is left to erase of user $1 at $2.
UPDATE identity.erasures SET done_at = $2 WHERE user_id = $1 AND begun_at IS NOT NULL AND done_at IS NULL

-- name: connections
-- Connections of user $1 that stand, or have ended with the account.
SELECT c.id, CASE WHEN c.user_a = $1 THEN c.user_b ELSE c.user_a END AS other_id, c.room_id, c.ended_at IS NOT NULL AS ended
FROM communication.members m
JOIN interaction.connections c ON c.room_id = m.room_id AND $1 IN (c.user_a, c.user_b) AND (
    c.ended_at IS NULL OR c.ended_by = $1 AND c.ended_at >= (SELECT e.begun_at FROM identity.erasures e WHERE e.user_id = $1)
)
WHERE m.user_id = $1

-- name: friends
-- The same of friendships.
SELECT f.id, CASE WHEN f.user_a = $1 THEN f.user_b ELSE f.user_a END AS other_id, f.room_id, f.ended_at IS NOT NULL AS ended
FROM communication.members m
JOIN social.friendships f ON f.room_id = m.room_id AND $1 IN (f.user_a, f.user_b) AND (
    f.ended_at IS NULL OR f.ended_by = $1 AND f.ended_at >= (SELECT e.begun_at FROM identity.erasures e WHERE e.user_id = $1)
)
WHERE m.user_id = $1

-- name: requests
-- Friend requests that wait, from and to user $1.
SELECT r.id, r.sender_id, r.receiver_id FROM social.friend_requests r
WHERE (r.sender_id = $1 OR r.receiver_id = $1) AND r.state = 'open'

-- name: due
-- Up to $2 users who are to be erased at $1, or of whom something waits.
SELECT user_id FROM identity.erasures WHERE done_at IS NULL AND erases_at <= $1 ORDER BY erases_at LIMIT $2

-- name: forget
-- Drop up to $2 erasures that were done before $1, and what these accounts had agreed to.
WITH gone AS (
    DELETE FROM identity.erasures WHERE user_id IN (
        SELECT user_id FROM identity.erasures WHERE done_at < $1 ORDER BY done_at LIMIT $2 FOR UPDATE SKIP LOCKED
    )
    RETURNING user_id
), consents AS (
    DELETE FROM identity.consents c USING gone WHERE c.user_id = gone.user_id
)
SELECT user_id FROM gone
