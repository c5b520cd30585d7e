-- Codes and links that were sent to somebody. Times are passed as timestamptz.

-- name: issue
-- A code $1 for purpose $2 and subject $3, with hash $4, of user $5 (null: of nobody yet), carrying $6 sealed with key $7, at $8,
-- until $9, in place of the one before. No row: that one was issued after $10.
INSERT INTO identity.one_time_codes AS own
    (id, purpose, subject, hash, user_id, carried, key_id, issued_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (purpose, subject) DO UPDATE SET
    id = $1, hash = $4, user_id = $5, carried = $6, key_id = $7, issued_at = $8, expires_at = $9, wrong = 0, used_at = NULL
    WHERE own.issued_at <= $10
RETURNING id

-- name: issued
-- When the last code for purpose $1 and subject $2 was issued.
SELECT issued_at FROM identity.one_time_codes WHERE purpose = $1 AND subject = $2

-- name: try
-- Somebody shows a code whose hash is one of $3, for purpose $1 and one of the subjects $2 (the second is that of the secret
-- before). A wrong one counts; of many at once each is counted. No row: there is none, it was used, or $4 wrong ones were shown.
UPDATE identity.one_time_codes SET wrong = wrong + (NOT hash = ANY ($3::bytea[]))::int
WHERE purpose = $1 AND subject = ANY ($2::bytea[]) AND used_at IS NULL AND wrong < $4
RETURNING id, user_id, carried, key_id, expires_at, hash = ANY ($3::bytea[]) AS fits

-- name: find
-- The code for purpose $1 whose hash is one of $2. No row: there never was one, or another has taken its place.
SELECT id, user_id, carried, key_id, expires_at, used_at FROM identity.one_time_codes
WHERE purpose = $1 AND hash = ANY ($2::bytea[])

-- name: use
-- Code $1 is used at $2. No row: it was used before, or another has taken its place. Of two at once the second waits and sees that.
UPDATE identity.one_time_codes SET used_at = $2 WHERE id = $1 AND used_at IS NULL RETURNING id

-- name: drop
-- Forget the codes of user $1 for purpose $2.
DELETE FROM identity.one_time_codes WHERE user_id = $1 AND purpose = $2

-- name: forget
-- Drop up to $2 codes that were over before $1.
DELETE FROM identity.one_time_codes WHERE id IN (
    SELECT id FROM identity.one_time_codes WHERE expires_at < $1
    ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED
)
RETURNING 1
