-- Secrets of one-time codes. Times are passed as timestamptz; a step is a time step of RFC 6238.

-- name: ask
-- Secret $2, sealed with key $3, for user $1 at $4, in place of one that was not turned on. Returns their username. No row:
-- one is on.
INSERT INTO identity.totp AS own (user_id, secret, key_id, asked_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (user_id) DO UPDATE SET secret = $2, key_id = $3, asked_at = $4 WHERE own.on_since IS NULL
RETURNING (SELECT username FROM identity.users u WHERE u.id = own.user_id)

-- name: of
-- What is known of the codes of user $1. No row: no secret was asked for.
SELECT t.secret, t.key_id, t.on_since IS NOT NULL AS is_on, u.username
FROM identity.totp t JOIN identity.users u ON u.id = t.user_id
WHERE t.user_id = $1

-- name: turn_on
-- A code of secret $3 of user $1 was shown in session $2 at $4, which has a second factor by that. No row: the secret is on
-- already, or another one was asked for.
WITH mine AS (
    UPDATE identity.totp SET on_since = $4 WHERE user_id = $1 AND secret = $3 AND on_since IS NULL
    RETURNING user_id
)
UPDATE identity.sessions s SET second_factor = true FROM mine WHERE s.id = $2 AND s.user_id = mine.user_id
RETURNING s.id

-- name: spend
-- The code of step $3 of secret $2 of user $1 is used; the secret is sealed as $4 with key $5 from now on. No row: it was
-- used before, or the secret is gone.
UPDATE identity.totp SET used_step = $3, secret = $4, key_id = $5
WHERE user_id = $1 AND secret = $2 AND on_since IS NOT NULL AND used_step < $3
RETURNING user_id

-- name: prove
-- Session $2 of user $1 has a second factor.
UPDATE identity.sessions SET second_factor = true WHERE id = $2 AND user_id = $1

-- name: drop
-- Forget the secret of user $1, if it was not turned on yet or $2 says so. No session of theirs has a second factor any more.
-- Returns whether it was on. No row: there is none, or it is on.
WITH gone AS (
    DELETE FROM identity.totp WHERE user_id = $1 AND ($2 OR on_since IS NULL)
    RETURNING user_id, on_since IS NOT NULL AS was_on
), plain AS (
    UPDATE identity.sessions s SET second_factor = false FROM gone WHERE s.user_id = gone.user_id AND s.second_factor
)
SELECT was_on FROM gone
