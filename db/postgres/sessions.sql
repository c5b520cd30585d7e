-- Sessions and their refresh tokens. Times are passed as timestamptz.

-- name: open
-- A session and its first refresh token $4. Restricted ($8): of one who is banned. $9: it was opened with a second factor.
-- $10: from which network.
WITH session AS (
    INSERT INTO identity.sessions
        (id, user_id, user_agent, created_at, last_used_at, expires_at, device, restricted, second_factor, network)
    VALUES ($1, $2, $3, $5, $5, $6, $7, $8, $9, $10)
)
INSERT INTO identity.refresh_tokens (hash, session_id, issued_at, expires_at) VALUES ($4, $1, $5, $6)

-- name: token_state
-- What is known of refresh token $1 at $2. No row: there never was such a token. `over`: its session has ended;
-- `theirs`: by nothing but a ban, if at all. `got`: its
-- newest successor, or the access token of that one, has been used, or there is none.
SELECT t.session_id, s.user_id, t.expires_at, t.used_at, t.again, t.void_at IS NOT NULL AS void,
    s.revoked_at IS NOT NULL OR u.deleted_at IS NOT NULL AS over,
    u.deleted_at IS NULL AND coalesce(s.revoked_reason, 'banned') = 'banned' AS theirs, NOT EXISTS (
        SELECT FROM identity.refresh_tokens n
        WHERE n.parent = t.hash AND n.void_at IS NULL AND n.used_at IS NULL AND n.served_at IS NULL
    ) AS got, EXISTS (SELECT FROM identity.under_ban($2) b WHERE b.user_id = s.user_id) AS banned
FROM identity.refresh_tokens t
JOIN identity.sessions s ON s.id = t.session_id
JOIN identity.users u ON u.id = s.user_id
WHERE t.hash = $1

-- name: spend
-- Spend refresh token $1 at $3 and put $2 in its place until $4. No row: it was changed meanwhile. Of two
-- that come at once the second waits for the row and finds it spent.
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
-- Void the successor of refresh token $1 at $3, which has not been used, and put $2 in its place until $4. No row: it has
-- been used, or $1 was shown again more than $5 times by now. Every change of the successor waits for its row and then
-- looks at it again; a change that sees a later successor sees the later count too.
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
-- The access token given with refresh token $1 is used at $2. No row: it is void.
UPDATE identity.refresh_tokens SET served_at = coalesce(served_at, $2) WHERE hash = $1 AND void_at IS NULL
RETURNING hash

-- own: revoke
-- End session $2 of user $1 at $4, for reason $3. No row: it is not theirs, or it is over already.
UPDATE identity.sessions SET revoked_at = $4, revoked_reason = $3, expires_at = least(expires_at, $4)
WHERE id = $2 AND user_id = $1 AND revoked_at IS NULL
RETURNING id

-- name: end_all
-- End all sessions of user $1 at $3, for reason $2, and with them their refresh tokens. A ban leaves those that it is for.
UPDATE identity.sessions SET revoked_at = $3, revoked_reason = $2
WHERE user_id = $1 AND revoked_at IS NULL AND NOT (restricted AND $2 = 'banned')

-- name: standing
-- The status of session $1 of user $2 at $3, and the role of the user; `erasing`: their account awaits erasure. No row: there is
-- no such session. Of refresh
-- token $4 (null: of none): whether it is void, and whether it has been used. `codes_on`: staff who have turned on one-time
-- codes; of others nobody asks.
SELECT s.revoked_reason, s.restricted, u.role, u.deleted_at IS NOT NULL AS erased, EXISTS (
    SELECT FROM identity.under_ban($3) b WHERE b.user_id = u.id
) AS banned, EXISTS (SELECT FROM identity.erasures e WHERE e.user_id = u.id) AS erasing, t.hash IS NULL OR t.void_at IS NOT NULL AS void, t.served_at IS NOT NULL AS served,
    s.second_factor, u.role <> 'user' AND EXISTS (
        SELECT FROM identity.totp f WHERE f.user_id = u.id AND f.on_since IS NOT NULL
    ) AS codes_on
FROM identity.sessions s
JOIN identity.users u ON u.id = s.user_id
LEFT JOIN identity.refresh_tokens t ON t.hash = $4 AND t.session_id = s.id
WHERE s.id = $1 AND s.user_id = $2

-- name: standings
-- The same of sessions $1 of users $2 at times $3, with refresh tokens $4, place by place from 1.
SELECT asked.n, session.*
FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::bytea[]) WITH ORDINALITY AS asked (session_id, user_id, at, twin, n)
CROSS JOIN LATERAL (:standing) session

-- name: beginnings
-- The same of sessions $1 of users $2, place by place from 1, with all that a client starts from: what is the user's own, whether
-- they are in a call, it rings, or they have one to decide, how many messages of others wait in each room (null: in none), and how many notifications.
SELECT
    asked.n, u.id, u.email, u.username, u.created_at, u.verified_at, u.email_verified_at, p.*, session.*,
    EXISTS (SELECT FROM identity.logins l WHERE l.user_id = u.id AND l.provider = 'phone') AS has_phone,
    EXISTS (SELECT FROM interaction.call_participants part WHERE part.user_id = u.id AND part.active) OR EXISTS (
        SELECT FROM interaction.calls c WHERE c.rings = u.id AND c.started_at IS NULL AND c.ended_at IS NULL
    ) OR EXISTS (
        SELECT FROM interaction.call_participants part WHERE part.user_id = u.id AND :to_decide
    ) AS busy,
    (  -- as a room's `unread` in rooms.sql
        SELECT jsonb_object_agg(m.room_id, waiting.unread)
        FROM communication.members m
        JOIN communication.rooms r ON r.id = m.room_id AND r.last_seq > m.read_seq
        CROSS JOIN LATERAL (
            SELECT CASE WHEN r.kind = 'group' THEN communication.avoided(r.id, m.user_id) ELSE '{}' END AS avoided OFFSET 0
        ) apart
        CROSS JOIN LATERAL (
            SELECT count(*) + greatest(r.last_seq - 1000 - m.read_seq, 0) AS unread FROM communication.messages s
            WHERE s.room_id = m.room_id AND s.seq > greatest(m.read_seq, r.last_seq - 1000) AND s.sender_id IS DISTINCT FROM m.user_id
                AND s.deleted_at IS NULL AND (s.sender_id = ANY (apart.avoided)) IS NOT TRUE
        ) waiting
        WHERE m.user_id = u.id AND m.left_at IS NULL AND waiting.unread > 0
    ) AS unread,
    social.unread_notifications(u.id, asked.at) AS notifications,
    (SELECT jsonb_agg(to_jsonb(own) ORDER BY own.place) FROM social.profile_media own WHERE own.user_id = u.id) AS media
FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::bytea[]) WITH ORDINALITY AS asked (session_id, user_id, at, twin, n)
CROSS JOIN LATERAL (:standing) session
JOIN identity.users u ON u.id = asked.user_id AND u.deleted_at IS NULL
JOIN identity.profiles p ON p.user_id = u.id

-- own: page
-- The sessions of user $1 that go on at $2, newest first, before session $3 (null: from the newest).
SELECT id, device, user_agent, network, client, created_at, last_used_at FROM identity.sessions
WHERE user_id = $1 AND revoked_at IS NULL AND expires_at > $2 AND NOT restricted
    AND id < coalesce($3::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
ORDER BY id DESC
LIMIT $4

-- name: note_clients
-- With sessions $1 apps have connected that say of themselves $2, place by place.
UPDATE identity.sessions s SET client = said.client
FROM unnest($1::uuid[], $2::jsonb[]) AS said (id, client)
WHERE s.id = said.id AND s.client IS DISTINCT FROM said.client
