-- Email addresses, shown to be one's own, and changed. Times are passed as timestamptz.

-- both: of
-- The address of user $1, whether it was shown to be theirs, and the language that they have chosen.
SELECT u.email, u.email_verified_at IS NOT NULL AS verified, s.language
FROM identity.users u LEFT JOIN identity.settings s ON s.user_id = u.id
WHERE u.id = $1 AND u.deleted_at IS NULL

-- name: confirm
-- Address $2, which is found by hash $4, was shown at $3 to be that of user $1.
UPDATE identity.users SET
    email = $2, email_hash = $4, email_verified_at = $3, verified_at = coalesce(verified_at, $3), updated_at = $3
WHERE id = $1 AND deleted_at IS NULL
