-- Calls that are not over, in numbers.

-- name: by_state
-- How many are in each state, as far as the record says: one that reconnects is `live`. Those with the server do not count, nor do probes.
SELECT
    CASE WHEN c.live_at IS NOT NULL THEN 'live' WHEN c.started_at IS NOT NULL THEN 'connecting' ELSE 'offered' END AS state,
    count(DISTINCT c.id) AS calls
FROM interaction.call_participants p
JOIN interaction.calls c ON c.id = p.call_id AND c.origin <> 'echo'
WHERE p.active AND p.user_id NOT IN (SELECT u.id FROM identity.users u WHERE u.probe)
GROUP BY 1
UNION ALL
SELECT 'deciding', count(*) FROM interaction.calls c WHERE c.decision_deadline IS NOT NULL AND c.closed_at IS NULL
    AND NOT EXISTS (
        SELECT FROM interaction.call_participants p JOIN identity.users u ON u.id = p.user_id AND u.probe WHERE p.call_id = c.id
    )
