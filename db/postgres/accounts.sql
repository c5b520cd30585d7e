-- Accounts: signing up, signing in, roles. Times are passed as timestamptz.

-- name: register
-- The account and its profile, whose other fields have defaults. It agrees to these kinds $9 of terms in these versions $10.
-- $11: somebody else has verified that the address is theirs. It is found by hash $12.
WITH account AS (
    INSERT INTO identity.users (id, email, username, password_hash, created_at, updated_at, email_verified_at, email_hash)
    VALUES ($1, $2, $3, $4, $8, $8, CASE WHEN $11 THEN $8::timestamptz END, $12)
), agreed AS (
    INSERT INTO identity.consents (user_id, kind, version, given, at)
    SELECT $1, kind, version, true, $8 FROM unnest($9::text[], $10::text[]) AS terms (kind, version)
)
INSERT INTO identity.profiles (user_id, display_name, birth_date, gender, updated_at) VALUES ($1, $5, $6, $7, $8)

-- name: taken
-- Whether an account has address $1, which has one of hashes $4, and whether a mailbox with one of its marks $2 is that of somebody who is banned at $3,
-- whether their account is there or not.
SELECT EXISTS (
    SELECT FROM identity.users u WHERE lower(u.email) = lower($1) OR u.email_hash = ANY ($4::bytea[])
) AS used, EXISTS (
    SELECT FROM safety.known_marks m
    WHERE m.barred AND m.kind = 'email' AND m.mark = ANY ($2::bytea[])
        AND EXISTS (SELECT FROM identity.under_ban($3) b WHERE b.user_id = m.user_id)
) AS barred

-- name: opened_with
-- Whether operation $1 with key $2 has opened the account that has address $3, which has one of hashes $5, or username $4.
SELECT EXISTS (
    SELECT FROM identity.idempotent_requests k
    JOIN identity.users u ON u.id = (k.answer ->> 'user_id')::uuid
    WHERE k.operation = $1 AND k.key = $2 AND (
        lower(u.email) = lower($3) OR u.email_hash = ANY ($5::bytea[]) OR lower(u.username) = lower($4)
    )
)

-- name: login_by_email
-- The account with this email address, which has one of hashes $3, for signing in at $2.
SELECT u.id, u.password_hash, u.probe, EXISTS (SELECT FROM identity.under_ban($2) b WHERE b.user_id = u.id) AS banned
FROM identity.users u
WHERE (lower(u.email) = lower($1) OR u.email_hash = ANY ($3::bytea[])) AND u.deleted_at IS NULL

-- name: login_by_username
-- The account with this username, for signing in at $2.
SELECT u.id, u.password_hash, u.probe, EXISTS (SELECT FROM identity.under_ban($2) b WHERE b.user_id = u.id) AS banned
FROM identity.users u WHERE lower(u.username) = lower($1) AND u.deleted_at IS NULL

-- name: proof
-- The password of user $1, and when session $2 of theirs was opened.
SELECT u.password_hash, s.created_at
FROM identity.users u JOIN identity.sessions s ON s.user_id = u.id
WHERE u.id = $1 AND s.id = $2

-- name: named
-- The user with this id, email address (of hashes $2) or username; an id comes first, as a username may look like one.
SELECT id FROM identity.users
WHERE (id = CASE WHEN $1 ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN $1::uuid END
        OR lower(email) = lower($1) OR email_hash = ANY ($2::bytea[]) OR lower(username) = lower($1)) AND deleted_at IS NULL
ORDER BY id::text = lower($1) DESC LIMIT 1

-- name: rehash
-- Store the same password hashed with today's parameters, unless the password was changed meanwhile.
UPDATE identity.users SET password_hash = $3 WHERE id = $1 AND password_hash = $2

-- name: set_role
-- Give role $2 to user $1 at $3. Returns the role they had. No row: there is no such account.
WITH known AS (SELECT id, role FROM identity.users WHERE id = $1 AND deleted_at IS NULL FOR UPDATE)
UPDATE identity.users u SET role = $2, updated_at = $3 FROM known WHERE u.id = known.id
RETURNING known.role AS had
