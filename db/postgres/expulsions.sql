-- Users who were put out of sessions, until every node has seen to it. Times are passed as timestamptz.

-- name: expel
-- End the sessions of user $2 but $5 (null: all) at $4, for reason $3, and note that as expulsion $1. Gives which have ended.
WITH ended AS (
    UPDATE identity.sessions SET revoked_at = $4, revoked_reason = $3
    WHERE user_id = $2 AND revoked_at IS NULL AND id IS DISTINCT FROM $5::uuid
    RETURNING id
)
INSERT INTO identity.expulsions (id, user_id, reason, sessions)
SELECT $1, $2, $3, coalesce(array_agg(id), '{}') FROM ended
RETURNING sessions

-- name: due
-- At most $3 expulsions that no node has taken at $1. Each is taken until $2.
UPDATE identity.expulsions SET taken_until = $2
WHERE id IN (
    SELECT id FROM identity.expulsions WHERE taken_until <= $1
    ORDER BY taken_until LIMIT $3 FOR UPDATE SKIP LOCKED
)
RETURNING id, user_id, reason, sessions

-- name: settled
-- Expulsion $1 has had its effect everywhere.
DELETE FROM identity.expulsions WHERE id = $1
