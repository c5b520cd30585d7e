-- Users who were put out of sessions, until every node has seen to it. Times are passed as timestamptz.

-- name: expel
-- End the sessions of user $2 but $5 (null: all), of those in $6 (null: of all), at $4, for reason $3, and note that as
-- expulsion $1. Gives which have ended.
WITH ended AS (
    UPDATE identity.sessions SET revoked_at = $4, revoked_reason = $3, expires_at = least(expires_at, $4)
    WHERE user_id = $2 AND revoked_at IS NULL AND id IS DISTINCT FROM $5::uuid AND ($6::uuid[] IS NULL OR id = ANY ($6))
    RETURNING id
)
INSERT INTO identity.expulsions (id, user_id, reason, sessions)
SELECT $1, $2, $3, coalesce(array_agg(id), '{}') FROM ended
RETURNING sessions

-- name: make_room
-- Drop the sessions of user $1 that are over at $2, but the $3 that were over last. Gives those that go on, but the $3 used last.
WITH forgotten AS (
    DELETE FROM identity.sessions WHERE id IN (
        SELECT id FROM identity.sessions WHERE user_id = $1 AND (revoked_at IS NOT NULL OR expires_at <= $2)
        ORDER BY coalesce(revoked_at, expires_at) DESC, id DESC OFFSET $3 FOR UPDATE SKIP LOCKED
    )
)
SELECT coalesce(array_agg(id), '{}') FROM (
    SELECT id FROM identity.sessions WHERE user_id = $1 AND revoked_at IS NULL AND expires_at > $2
    ORDER BY last_used_at DESC, id DESC OFFSET $3
) too_many

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

-- name: waiting
-- Whether an expulsion of any of users $1 is still to have its effect.
SELECT EXISTS (SELECT FROM identity.expulsions e WHERE e.user_id = ANY ($1::uuid[]))
