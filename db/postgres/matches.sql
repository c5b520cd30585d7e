-- Decisions of matching, kept for a while: the candidates, and why the winner won.

-- name: of_call
-- The decision that led to call $1.
SELECT body FROM interaction.match_decisions WHERE call_id = $1

-- name: forget
-- Drop up to $2 decisions made before $1; those that another node is dropping are left to it.
DELETE FROM interaction.match_decisions WHERE call_id IN (
    SELECT call_id FROM interaction.match_decisions WHERE decided_at < $1
    ORDER BY decided_at LIMIT $2 FOR UPDATE SKIP LOCKED
)
RETURNING call_id
