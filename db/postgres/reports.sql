-- Reports, each of a call. Times are passed as timestamptz.

-- name: file
-- Report $1: $3 reports $4 for $5, with note $6, at $7, of call $2. A row only when it is the first of this call and reporter.
INSERT INTO interaction.reports (id, call_id, reporter_id, reported_id, reason, note, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT ON CONSTRAINT one_report_a_call_and_reporter DO NOTHING
RETURNING id

-- name: past
-- The other user of call $1, when it ended, and whether user $2 has reported it. No row: $2 was not in it.
SELECT peer.user_id AS peer_id, c.ended_at, EXISTS (
    SELECT FROM interaction.reports r WHERE r.call_id = own.call_id AND r.reporter_id = own.user_id
) AS reported
FROM interaction.call_participants own
JOIN interaction.calls c ON c.id = own.call_id
JOIN interaction.call_participants peer ON peer.call_id = own.call_id AND peer.user_id <> own.user_id
WHERE own.call_id = $1 AND own.user_id = $2
