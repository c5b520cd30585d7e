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
