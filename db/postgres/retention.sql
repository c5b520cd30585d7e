-- Deleting what is no longer needed. Rows that another node is deleting, or that are in use just now, are left.

-- name: tokens
-- Drop up to $2 refresh tokens that were over before $1. Nobody can sign in with them, used or not.
DELETE FROM identity.refresh_tokens WHERE hash IN (
    SELECT hash FROM identity.refresh_tokens WHERE expires_at < $1
    ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED
)
RETURNING 1

-- name: sessions
-- Drop up to $2 sessions that were over before $1, with their remaining tokens, of which the last was over by then.
DELETE FROM identity.sessions WHERE id IN (
    SELECT id FROM identity.sessions WHERE expires_at < $1
    ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED
)
RETURNING 1

-- name: keys
-- Drop up to $2 idempotency keys of requests answered before $1.
DELETE FROM identity.idempotent_requests WHERE (operation, key, owner) IN (
    SELECT operation, key, owner FROM identity.idempotent_requests WHERE created_at < $1
    ORDER BY created_at LIMIT $2 FOR UPDATE SKIP LOCKED
)
RETURNING 1

-- name: calls
-- Drop up to $2 calls that are over, were offered before $1, and led neither to a connection nor to a report, with all that is
-- known of them. Keys sort by time: that of any such call is before $3.
WITH old AS (
    SELECT c.id FROM interaction.calls c
    WHERE c.outcome <> 'connected' AND c.id < $3 AND c.offered_at < $1 AND c.ended_at IS NOT NULL
        AND NOT EXISTS (SELECT FROM interaction.connections l WHERE l.call_id = c.id)
        AND NOT EXISTS (SELECT FROM interaction.reports r WHERE r.call_id = c.id)
    ORDER BY c.id LIMIT $2 FOR UPDATE OF c SKIP LOCKED
), decisions AS (
    DELETE FROM interaction.decisions d USING old WHERE d.call_id = old.id
), matches AS (
    DELETE FROM interaction.match_decisions m USING old WHERE m.call_id = old.id
), participants AS (
    DELETE FROM interaction.call_participants p USING old WHERE p.call_id = old.id
)
DELETE FROM interaction.calls c USING old WHERE c.id = old.id
RETURNING 1
