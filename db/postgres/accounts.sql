-- Accounts, their sessions and their refresh tokens. Times are passed as timestamptz.

-- name: claim_key
-- Use key $2 at endpoint $1 for what $3 tells and account $4 comes of. No row: in use since $6.
INSERT INTO identity.idempotency_keys AS k (endpoint, key, fingerprint, user_id, created_at)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (endpoint, key) DO UPDATE
SET fingerprint = excluded.fingerprint, user_id = excluded.user_id, created_at = excluded.created_at
WHERE k.created_at < $6
RETURNING user_id

-- name: key_use
-- What key $2 was used for at endpoint $1 since $3.
SELECT k.fingerprint, k.user_id, u.password_hash
FROM identity.idempotency_keys k
JOIN identity.users u ON u.id = k.user_id
WHERE k.endpoint = $1 AND k.key = $2 AND k.created_at >= $3

-- name: register
-- The account and its profile, whose other fields have defaults.
WITH account AS (
    INSERT INTO identity.users (id, email, username, password_hash, created_at, updated_at)
    VALUES ($1, $2, $3, $4, $8, $8)
)
INSERT INTO identity.profiles (user_id, display_name, birth_date, gender, updated_at) VALUES ($1, $5, $6, $7, $8)

-- name: open_session
-- A session and its first refresh token $4.
WITH session AS (
    INSERT INTO identity.sessions (id, user_id, user_agent, created_at, last_used_at, expires_at, device)
    VALUES ($1, $2, $3, $5, $5, $6, $7)
)
INSERT INTO identity.refresh_tokens (hash, session_id, issued_at, expires_at) VALUES ($4, $1, $5, $6)

-- name: login_by_email
-- Who signs in with this address at $2.
SELECT u.id, u.password_hash, EXISTS (
    SELECT FROM identity.bans b WHERE b.user_id = u.id AND b.during @> $2::timestamptz
) AS banned
FROM identity.users u WHERE lower(u.email) = lower($1) AND u.deleted_at IS NULL

-- name: login_by_username
-- Who signs in with this username at $2.
SELECT u.id, u.password_hash, EXISTS (
    SELECT FROM identity.bans b WHERE b.user_id = u.id AND b.during @> $2::timestamptz
) AS banned
FROM identity.users u WHERE lower(u.username) = lower($1) AND u.deleted_at IS NULL

-- name: rehash
-- The same password, hashed by today's measure, unless it was changed meanwhile.
UPDATE identity.users SET password_hash = $3 WHERE id = $1 AND password_hash = $2

-- name: token_state
-- What is known of refresh token $1 at $2. No row: nobody was ever given it. `over`: its session is; `got`: its newest
-- successor has served, or the access token of that one, or there is none.
SELECT t.session_id, s.user_id, t.expires_at, t.used_at, t.again, t.void_at IS NOT NULL AS void,
    s.revoked_at IS NOT NULL OR u.deleted_at IS NOT NULL AS over, NOT EXISTS (
        SELECT FROM identity.refresh_tokens n
        WHERE n.parent = t.hash AND n.void_at IS NULL AND n.used_at IS NULL AND n.served_at IS NULL
    ) AS got, EXISTS (
        SELECT FROM identity.bans b
        WHERE b.user_id = s.user_id AND b.during @> $2::timestamptz
    ) AS banned
FROM identity.refresh_tokens t
JOIN identity.sessions s ON s.id = t.session_id
JOIN identity.users u ON u.id = s.user_id
WHERE t.hash = $1

-- name: spend
-- Spend refresh token $1 at $3 and put $2 in its place until $4. No row: it is no more as it was. Of two that come at
-- once the second waits for the row and finds it spent.
WITH spent AS (
    UPDATE identity.refresh_tokens t SET used_at = $3
    FROM identity.sessions s
    WHERE t.hash = $1 AND t.used_at IS NULL AND t.void_at IS NULL AND s.id = t.session_id AND s.revoked_at IS NULL
    RETURNING t.session_id
), fresh AS (
    INSERT INTO identity.refresh_tokens (hash, session_id, issued_at, expires_at, parent)
    SELECT $2, session_id, $3, $4, $1 FROM spent
)
UPDATE identity.sessions s SET last_used_at = $3, expires_at = $4 FROM spent WHERE s.id = spent.session_id
RETURNING s.id

-- name: replace
-- Void the successor of refresh token $1 at $3, which has not served, and put $2 in its place until $4. No row: it has
-- served, or $1 was shown again more than $5 times by now. The successor's row is what all who change it wait for, and
-- each looks at it again then; who sees a later one sees the later count too.
WITH voided AS (
    UPDATE identity.refresh_tokens n SET void_at = $3
    FROM identity.refresh_tokens t
    JOIN identity.sessions s ON s.id = t.session_id AND s.revoked_at IS NULL
    WHERE t.hash = $1 AND t.again = $5
        AND n.parent = t.hash AND n.void_at IS NULL AND n.used_at IS NULL AND n.served_at IS NULL
    RETURNING n.session_id
), shown AS (
    UPDATE identity.refresh_tokens t SET again = t.again + 1 FROM voided WHERE t.hash = $1
), fresh AS (
    INSERT INTO identity.refresh_tokens (hash, session_id, issued_at, expires_at, parent)
    SELECT $2, session_id, $3, $4, $1 FROM voided
)
UPDATE identity.sessions s SET last_used_at = $3, expires_at = $4 FROM voided WHERE s.id = voided.session_id
RETURNING s.id

-- name: serve
-- The access token given with refresh token $1 serves at $2. No row: it is void.
UPDATE identity.refresh_tokens SET served_at = coalesce(served_at, $2) WHERE hash = $1 AND void_at IS NULL
RETURNING hash

-- name: revoke
-- Session $2 of user $1 is over at $4, for reason $3. No row: it is not theirs, or it is over already.
UPDATE identity.sessions SET revoked_at = $4, revoked_reason = $3
WHERE id = $2 AND user_id = $1 AND revoked_at IS NULL
RETURNING id

-- name: standing
-- How session $1 of user $2 stands at $3, and which role they have. No row: there is none. Of the refresh token $4
-- (null: of none): whether it does not count (any more), and whether it has served.
SELECT s.revoked_reason, u.role, u.deleted_at IS NOT NULL AS erased, EXISTS (
    SELECT FROM identity.bans b WHERE b.user_id = u.id AND b.during @> $3::timestamptz
) AS banned, t.hash IS NULL OR t.void_at IS NOT NULL AS void, t.served_at IS NOT NULL AS served
FROM identity.sessions s
JOIN identity.users u ON u.id = s.user_id
LEFT JOIN identity.refresh_tokens t ON t.hash = $4 AND t.session_id = s.id
WHERE s.id = $1 AND s.user_id = $2

-- name: sessions
-- The sessions of user $1 that go on at $2, newest first, before session $3 (null: from the newest).
SELECT id, device, user_agent, created_at, last_used_at FROM identity.sessions
WHERE user_id = $1 AND revoked_at IS NULL AND expires_at > $2
    AND id < coalesce($3::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
ORDER BY id DESC
LIMIT $4

-- name: me
-- Everything that is a user's own.
SELECT u.id, u.email, u.username, u.role, u.created_at, p.*
FROM identity.users u JOIN identity.profiles p ON p.user_id = u.id
WHERE u.id = $1 AND u.deleted_at IS NULL

-- name: beginning
-- The same with what a client starts from besides: whether user $1 is in a call or has one to decide, and how many
-- messages of others wait in each room (null: in none).
SELECT
    u.id, u.email, u.username, u.role, u.created_at, p.*,
    EXISTS (SELECT FROM interaction.call_participants part WHERE part.user_id = u.id AND part.active) OR EXISTS (
        SELECT FROM interaction.calls c
        JOIN interaction.call_participants part ON part.call_id = c.id AND part.user_id = u.id
        WHERE c.decision_deadline IS NOT NULL AND c.closed_at IS NULL
    ) AS busy,
    (
        SELECT jsonb_object_agg(m.room_id, waiting.unread)
        FROM communication.members m
        JOIN communication.rooms r ON r.id = m.room_id AND r.last_seq > m.read_seq
        CROSS JOIN LATERAL (
            SELECT count(*) AS unread FROM communication.messages s
            WHERE s.room_id = m.room_id AND s.seq > m.read_seq AND s.sender_id IS DISTINCT FROM m.user_id
                AND s.deleted_at IS NULL
        ) waiting
        WHERE m.user_id = u.id AND waiting.unread > 0
    ) AS unread
FROM identity.users u JOIN identity.profiles p ON p.user_id = u.id
WHERE u.id = $1 AND u.deleted_at IS NULL

-- name: set_role
-- Role $2 for who signs in with $1, address or username, and which they had. No row: there is no such account.
WITH known AS (
    SELECT id, role FROM identity.users
    WHERE (lower(email) = lower($1) OR lower(username) = lower($1)) AND deleted_at IS NULL
    FOR UPDATE
)
UPDATE identity.users u SET role = $2, updated_at = $3 FROM known WHERE u.id = known.id
RETURNING u.id, known.role AS had

-- name: change
-- Write the profile over version $2. No row: it has changed since.
UPDATE identity.profiles
SET display_name = $3, intent = $4, languages = $5, country = $6, city = $7, bio = $8, seeking_genders = $9,
    seeking_age_min = $10, seeking_age_max = $11, version = version + 1, updated_at = greatest(updated_at, $12)
WHERE user_id = $1 AND version = $2
RETURNING user_id

-- name: applicant
-- Card of user $1, whom they seek, how far they are trusted, whether they are banned at $2, the strengths of their
-- values by key, and when the latest $3 matches failed through them, the newest first.
SELECT card.*, false AS hidden, p.seeking_genders, p.seeking_age_min, p.seeking_age_max, u.tier, EXISTS (
    SELECT FROM identity.bans b WHERE b.user_id = u.id AND b.during @> $2::timestamptz
) AS banned, (
    SELECT coalesce(jsonb_object_agg(v.key, v.strength), '{}') FROM identity.user_values v WHERE v.user_id = u.id
) AS strengths, ARRAY(
    SELECT own.fault_at FROM interaction.call_participants own
    WHERE own.user_id = u.id AND own.fault_at IS NOT NULL ORDER BY own.fault_at DESC LIMIT $3
) AS faults
FROM identity.users u
JOIN identity.profiles p ON p.user_id = u.id
JOIN identity.cards card ON card.user_id = u.id
WHERE u.id = $1 AND u.deleted_at IS NULL

-- name: visible_card
-- Card of user $1 as user $2 may see it at $3. No row: gone, banned, or a block stands between them.
SELECT card.*, false AS hidden
FROM identity.cards card
JOIN identity.users u ON u.id = card.user_id AND u.deleted_at IS NULL
WHERE card.user_id = $1
    AND NOT EXISTS (
        SELECT FROM identity.blocks b
        WHERE (b.blocker_id, b.blocked_id) = ($1, $2) OR (b.blocker_id, b.blocked_id) = ($2, $1)
    )
    AND NOT EXISTS (
        SELECT FROM identity.bans b
        WHERE b.user_id = $1 AND b.during @> $3::timestamptz
    )
