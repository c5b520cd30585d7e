-- Calls that are not over, in numbers.

-- name: by_state
-- How many are in each state, as far as the record says: one that reconnects is `live`.
SELECT
    CASE WHEN c.live_at IS NOT NULL THEN 'live' WHEN c.started_at IS NOT NULL THEN 'connecting' ELSE 'offered' END AS state,
    count(DISTINCT c.id) AS calls
FROM interaction.call_participants p
JOIN interaction.calls c ON c.id = p.call_id
WHERE p.active
GROUP BY 1
UNION ALL
SELECT 'deciding', count(*) FROM interaction.calls c WHERE c.decision_deadline IS NOT NULL AND c.closed_at IS NULL
