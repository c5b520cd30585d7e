-- What the undecided case of somebody says, for the rule of suspension. Times are passed as timestamptz.

-- name: accusation
-- The undecided case of user $1, unless the system has suspended them in it already or they are staff; each report since $2,
-- or for `underage`, with the record of its reporter. Calls are looked at with the reported alone, and for the number of
-- different people that the reporter has met, up to $3. `cleared`: a moderator has looked at them for `underage` before and
-- found nothing. `waiting`: how many others whom the reporter calls underage wait for a decision.
SELECT
    c.id AS case_id, r.reporter_id, r.reason, r.created_at, reporter.tier,
    EXISTS (
        SELECT FROM interaction.call_participants own
        JOIN interaction.call_participants peer ON peer.call_id = own.call_id AND peer.user_id = c.user_id
        JOIN interaction.calls met ON met.id = own.call_id AND met.started_at IS NOT NULL
        WHERE own.user_id = r.reporter_id
    ) AS met_them,
    (
        SELECT count(*) FROM (
            SELECT DISTINCT peer.user_id
            FROM interaction.call_participants own
            JOIN interaction.call_participants peer ON peer.call_id = own.call_id AND peer.user_id <> own.user_id
            JOIN interaction.calls met ON met.id = own.call_id AND met.started_at IS NOT NULL
            WHERE own.user_id = r.reporter_id
            LIMIT $3
        ) others
    ) AS met,
    record.upheld, record.dismissed, record.dismissed_underage, record.waiting,
    EXISTS (
        SELECT FROM safety.cases before
        JOIN interaction.reports about ON about.case_id = before.id AND about.reason = 'underage'
        WHERE before.user_id = c.user_id AND before.action = 'dismiss' AND before.undone_at IS NULL
    ) AS cleared
FROM safety.cases c
JOIN identity.users u ON u.id = c.user_id AND u.role = 'user' AND u.deleted_at IS NULL
JOIN interaction.reports r ON r.case_id = c.id AND (r.created_at >= $2 OR r.reason = 'underage')
JOIN identity.users reporter ON reporter.id = r.reporter_id
CROSS JOIN LATERAL (
    SELECT
        count(*) FILTER (WHERE own.status = 'actioned') AS upheld,
        count(*) FILTER (WHERE own.status = 'dismissed') AS dismissed,
        count(*) FILTER (WHERE own.status = 'dismissed' AND own.reason = 'underage') AS dismissed_underage,
        count(DISTINCT own.reported_id) FILTER (
            WHERE own.status IN ('open', 'reviewing') AND own.reason = 'underage' AND own.reported_id <> c.user_id
        ) AS waiting
    FROM interaction.reports own WHERE own.reporter_id = r.reporter_id
) record
WHERE c.user_id = $1 AND c.state <> 'decided' AND NOT EXISTS (
    SELECT FROM safety.strikes s WHERE s.case_id = c.id AND s.by IS NULL AND s.lifted_at IS NULL
)
