-- New passwords. Times are passed as timestamptz.

-- name: owner
-- Whose address $1, of hashes $2, is, and the language that they have chosen.
SELECT u.id, u.email, s.language
FROM identity.users u LEFT JOIN identity.settings s ON s.user_id = u.id
WHERE (lower(u.email) = lower($1) OR u.email_hash = ANY ($2::bytea[])) AND u.deleted_at IS NULL

-- name: change
-- Put password hash $2 in place of $5 for user $1 at $3, as long as their session $4 goes on. Gives where they are written to. No
-- row: the session has ended, or another new password was faster.
UPDATE identity.users u SET password_hash = $2, updated_at = $3
WHERE u.id = $1 AND u.deleted_at IS NULL AND u.password_hash IS NOT DISTINCT FROM $5
    AND EXISTS (SELECT FROM identity.sessions s WHERE s.id = $4 AND s.user_id = u.id AND s.revoked_at IS NULL)
RETURNING u.email, (SELECT s.language FROM identity.settings s WHERE s.user_id = u.id) AS language

-- name: reset
-- Put password hash $2 in place of whatever user $1 had, at $3. The link that they opened was in their mailbox, so that is theirs.
UPDATE identity.users u SET password_hash = $2, updated_at = $3,
    email_verified_at = coalesce(email_verified_at, $3), verified_at = coalesce(verified_at, $3)
WHERE u.id = $1 AND u.deleted_at IS NULL AND u.email IS NOT NULL
RETURNING u.email, (SELECT s.language FROM identity.settings s WHERE s.user_id = u.id) AS language
