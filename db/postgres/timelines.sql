-- Timelines of calls, kept for a while after their end. They are written with the end, by call_records.sql.

-- name: of_call
-- Call $1 as it is on record, with its notes, if there are any, and with when who decided and what came of that, but not how.
SELECT
    c.id, c.origin, c.mode, c.offered_at, c.started_at, c.live_at, c.ended_at, c.duration_s, c.end_reason, c.ended_by,
    c.outcome, c.closed_at, t.events,
    ARRAY(SELECT p.user_id::text FROM interaction.call_participants p WHERE p.call_id = c.id ORDER BY p.user_id) AS users,
    ARRAY(
        SELECT d.user_id::text FROM interaction.decisions d WHERE d.call_id = c.id ORDER BY d.created_at, d.user_id
    ) AS voters,
    ARRAY(
        SELECT d.created_at FROM interaction.decisions d WHERE d.call_id = c.id ORDER BY d.created_at, d.user_id
    ) AS voted_at
FROM interaction.calls c LEFT JOIN interaction.call_timelines t ON t.call_id = c.id
WHERE c.id = $1

-- name: forget
-- Drop up to $2 timelines of calls that ended before $1; those that another node is dropping are left to it.
DELETE FROM interaction.call_timelines WHERE call_id IN (
    SELECT call_id FROM interaction.call_timelines WHERE ended_at < $1
    ORDER BY ended_at LIMIT $2 FOR UPDATE SKIP LOCKED
)
RETURNING call_id
