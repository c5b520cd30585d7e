-- Copies of people's own data. Times are passed as timestamptz. What has expired is not there, for whoever asks.

-- own: latest
-- The latest copy of user $1 at $2.
SELECT id, key, user_id, asked_at, state, progress, size, expires_at FROM identity.exports
WHERE user_id = $1 AND (expires_at IS NULL OR expires_at > $2)
ORDER BY id DESC LIMIT 1

-- own: retire
-- What user $1 had before is deleted at $2.
UPDATE identity.exports SET expires_at = least(expires_at, $2) WHERE user_id = $1 AND expires_at > $2

-- own: begin
-- A new copy $2 of user $1, whose object is to be $3, asked for at $4.
INSERT INTO identity.exports (id, user_id, key, asked_at) VALUES ($2, $1, $3, $4)

-- name: find
-- Copy $1 at $2, unless its owner is gone.
SELECT e.id, e.key, e.user_id, e.asked_at, e.state, e.progress, e.size, e.expires_at FROM identity.exports e
JOIN identity.users u ON u.id = e.user_id AND u.deleted_at IS NULL
WHERE e.id = $1 AND (e.expires_at IS NULL OR e.expires_at > $2)

-- name: come
-- Copy $1 has come so far, $2 of 1.
UPDATE identity.exports SET progress = $2 WHERE id = $1 AND state = 'running' AND expires_at IS NULL

-- name: ready
-- Copy $1 of $2 bytes is ready at $3, and is deleted at $4. No row: it was given up meanwhile.
UPDATE identity.exports SET state = 'ready', progress = 1, size = $2, ready_at = $3, expires_at = $4
WHERE id = $1 AND state = 'running' AND expires_at IS NULL
RETURNING user_id

-- name: failed
-- Copy $1 has failed once more; after $2 times it is given up, and says so until $3.
UPDATE identity.exports SET failures = failures + 1,
    state = CASE WHEN failures + 1 < $2 THEN state ELSE 'failed' END,
    expires_at = CASE WHEN failures + 1 < $2 THEN expires_at ELSE $3::timestamptz END
WHERE id = $1 AND state = 'running' AND expires_at IS NULL

-- name: give_up
-- Copies that were asked for before $1 and are not ready have failed; they say so until $2.
UPDATE identity.exports SET state = 'failed', expires_at = $2
WHERE state = 'running' AND expires_at IS NULL AND asked_at < $1

-- name: due
-- Up to $2 copies that have expired at $1.
SELECT id, key FROM identity.exports WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2

-- name: delete
-- The object of copy $1, which has expired at $2, is gone.
DELETE FROM identity.exports WHERE id = $1 AND expires_at <= $2

-- name: files
-- Media of user $1 at $2 whose files are in the copy, after media $3 (null: from the first), up to $4 of them.
SELECT id, key, content_type, type FROM social.media
WHERE owner_id = $1 AND stored AND purpose <> 'report' AND (expires_at IS NULL OR expires_at > $2)
    AND NOT social.is_gone(id)
    AND id > coalesce($3::uuid, '00000000-0000-0000-0000-000000000000')
ORDER BY id LIMIT $4
