-- Ways to sign in. Times are passed as timestamptz.

-- both: of
-- All of user $1, oldest first. What a password goes with is on record with the account.
SELECT l.id, l.provider, l.hint, u.email, u.username, l.created_at
FROM identity.logins l JOIN identity.users u ON u.id = l.user_id
WHERE l.user_id = $1
ORDER BY l.created_at, l.id

-- name: find
-- The login of provider $1 whose hash is one of $2, for signing in at $3.
SELECT l.id, l.user_id, l.subject_hash, EXISTS (SELECT FROM identity.under_ban($3) b WHERE b.user_id = l.user_id) AS banned
FROM identity.logins l WHERE l.provider = $1 AND l.subject_hash = ANY ($2::bytea[])

-- name: add
-- Login $1 of user $2 with provider $3: hash $4, hint $5, $6 sealed with key $7, at $8. No row: it is somebody's.
INSERT INTO identity.logins (id, user_id, provider, subject_hash, hint, sealed, key_id, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (provider, subject_hash) DO NOTHING
RETURNING id

-- name: rehash
-- Login $1 has hash $2 from now on, and $3 sealed with key $4.
UPDATE identity.logins SET subject_hash = $2, sealed = $3, key_id = $4 WHERE id = $1

-- own: remove
-- Login $2 of user $1 serves no longer. Returns its provider. No row: it is none of theirs.
DELETE FROM identity.logins WHERE id = $2 AND user_id = $1 RETURNING provider

-- name: forget_password
-- User $1 has no password from $2 on.
UPDATE identity.users SET password_hash = NULL, updated_at = $2 WHERE id = $1

-- name: mark
-- User $1 was seen with marks $2 of a phone at $3.
INSERT INTO safety.known_marks (user_id, kind, mark, first_seen, last_seen, barred)
SELECT $1, 'phone', mark, $3, $3, EXISTS (SELECT FROM identity.bans b WHERE b.user_id = $1) FROM unnest($2::bytea[]) AS seen (mark)
ON CONFLICT (user_id, kind, mark) DO UPDATE SET last_seen = excluded.last_seen

-- name: barred
-- Whether one of marks $1 is that of the phone of somebody who is banned at $2, whether their account is there or not.
SELECT EXISTS (
    SELECT FROM safety.known_marks m
    WHERE m.barred AND m.kind = 'phone' AND m.mark = ANY ($1::bytea[])
        AND EXISTS (SELECT FROM identity.under_ban($2) b WHERE b.user_id = m.user_id)
)
