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

-- name: begin
-- It begins for user $1 at $2, if it is time. No row: it is not, was taken back, or has begun before.
UPDATE identity.erasures SET begun_at = $2 WHERE user_id = $1 AND begun_at IS NULL AND erases_at <= $2 RETURNING 1

-- name: done
-- Nothing is left to erase of user $1 at $2.
UPDATE identity.erasures SET done_at = $2 WHERE user_id = $1 AND begun_at IS NOT NULL AND done_at IS NULL

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
