-- The record of media. Times are passed as timestamptz. What has expired is not there, for whoever asks.

-- name: begin
-- A new media $1 of $2 for $3, of type $4, in state $5, of $6 bytes, $7 by $8 pixels, with difference hash $9, made at $10, whose
-- object is to be $11, encrypted by $12. Until the object is stored, it is deleted at $13. No row: the owner is banned, or was
-- erased, since they began to send it.
-- What is `processing` is to be scanned at once.
INSERT INTO social.media (
    id, owner_id, purpose, type, state, size, width, height, hash, created_at, key, key_id, expires_at, scan_at
)
SELECT $1, u.id, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, CASE WHEN $5 = 'processing' THEN $10::timestamptz END
FROM identity.users u
WHERE u.id = $2 AND u.deleted_at IS NULL AND NOT EXISTS (SELECT FROM identity.banned($10) b WHERE b.user_id = u.id)
RETURNING id

-- name: stored
-- The object of media $1 is there; unless it is used, it is deleted at $2. No row: it has been deleted meanwhile.
UPDATE social.media SET stored = true, expires_at = $2 WHERE id = $1 AND NOT stored RETURNING id

-- name: find
-- Media $1, if it is there at $2.
SELECT id, owner_id, purpose, type, state, reason, size, width, height, key, key_id, used_at
FROM social.media WHERE id = $1 AND stored AND (expires_at IS NULL OR expires_at > $2)

-- name: let_go
-- Delete, at $3, media $1 of owner $2, unless it is used. The object that is to be deleted; no row: there is none.
UPDATE social.media SET expires_at = $3
WHERE id = $1 AND owner_id = $2 AND used_at IS NULL AND stored AND (expires_at IS NULL OR expires_at > $3)
RETURNING key

-- name: usable
-- Whether media $1 is a picture that $2 has uploaded for a report, and nothing but $3 has used, at $4.
SELECT EXISTS (
    SELECT FROM social.media
    WHERE id = $1 AND owner_id = $2 AND purpose = 'report' AND state = 'ready' AND stored
        AND (used_for = $3 OR (used_at IS NULL AND expires_at > $4))
)

-- name: use
-- $3 uses media $1 of $2 from $4 on, and it stays. A row: it was usable.
UPDATE social.media SET used_for = $3, used_at = $4, expires_at = NULL
WHERE id = $1 AND owner_id = $2 AND purpose = 'report' AND state = 'ready' AND stored AND used_at IS NULL AND expires_at > $4
RETURNING id

-- name: free
-- Media $1 (ids), which were used, are deleted at $2.
UPDATE social.media SET expires_at = $2 WHERE id = ANY ($1) AND used_at IS NOT NULL AND expires_at IS NULL

-- name: to_scan
-- At most $3 pictures that are to be scanned at $1. Each is due again at $2, or later by twice as long for each attempt before,
-- and after $4 attempts no more.
UPDATE social.media
SET scans = scans + 1, scan_at = CASE WHEN scans + 1 < $4 THEN $1::timestamptz + ($2::timestamptz - $1::timestamptz) * 2 ^ scans END
WHERE id IN (
    SELECT m.id FROM social.media m
    WHERE m.scan_at <= $1 AND m.stored AND m.state = 'processing'
    ORDER BY m.scan_at LIMIT $3 FOR UPDATE SKIP LOCKED
)
RETURNING id, owner_id, purpose, type, state, reason, size, width, height, key, key_id, used_at

-- name: judge
-- Media $1 is $2, for reason $3; while it is still `processing`, a moderator decides.
UPDATE social.media SET state = $2, reason = $3, scan_at = NULL WHERE id = $1 AND state = 'processing'

-- name: due
-- At most $2 objects whose media have expired at $1.
SELECT id, key FROM social.media WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2

-- name: delete
-- The objects of these media $1, which have expired at $2, are gone.
DELETE FROM social.media WHERE id = ANY ($1) AND expires_at <= $2

-- name: unknown
-- Which of these keys $1 no media has.
SELECT key FROM unnest($1::text[]) AS given (key)
WHERE NOT EXISTS (SELECT FROM social.media m WHERE m.key = given.key)

-- name: is_moderator
-- Whether user $1 sees at $2 what moderators see.
SELECT EXISTS (
    SELECT FROM identity.users u
    WHERE u.id = $1 AND u.role IN ('moderator', 'admin') AND u.deleted_at IS NULL
        AND NOT EXISTS (SELECT FROM identity.banned($2) b WHERE b.user_id = u.id)
)
