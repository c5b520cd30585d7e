-- What is said of somebody, and by whom: for the rules of suspension and of trust. Times are passed as timestamptz.

-- name: case
-- The undecided case of user $1, unless the system has suspended them in it already or they are staff, with its reports since
-- $2, and those for `underage`. `cleared`: a moderator has looked at them for that before and found nothing.
SELECT c.id, u.tier, EXISTS (
    SELECT FROM safety.cases before
    JOIN interaction.reports about ON about.case_id = before.id AND about.reason = 'underage'
    WHERE before.user_id = c.user_id AND before.action = 'dismiss' AND before.undone_at IS NULL
) AS cleared, ARRAY(
    SELECT r.id FROM interaction.reports r
    WHERE r.case_id = c.id AND (r.created_at >= $2 OR r.reason = 'underage') ORDER BY r.id
) AS reports
FROM safety.cases c
JOIN identity.users u ON u.id = c.user_id AND u.role = 'user' AND u.deleted_at IS NULL
WHERE c.user_id = $1 AND c.state <> 'decided' AND NOT EXISTS (
    SELECT FROM safety.strikes s WHERE s.case_id = c.id AND s.by IS NULL AND s.lifted_at IS NULL
)

-- name: accusers
-- Reports $1, each with the record of its reporter. Calls are looked at with the reported alone. `waiting`: how many others whom
-- the reporter calls underage wait for a decision. `beside`: of those whom others call so who were seen with a device or network of
-- the reporter, how many the system has suspended until then; a crowd counts too, as accounts cost nothing.
SELECT
    r.reporter_id AS user_id, r.reason, r.created_at, r.status = 'actioned' AS found_right, reporter.tier,
    EXISTS (
        SELECT FROM interaction.call_participants own
        JOIN interaction.call_participants peer ON peer.call_id = own.call_id AND peer.user_id = r.reported_id
        JOIN interaction.calls met ON met.id = own.call_id AND met.started_at IS NOT NULL
        WHERE own.user_id = r.reporter_id
    ) AS met_them,
    record.*, CASE WHEN r.reason = 'underage' THEN (
        SELECT count(DISTINCT c.user_id) FROM safety.cases c
        JOIN safety.strikes s ON s.case_id = c.id AND s.by IS NULL AND s.lifted_at IS NULL
        JOIN interaction.reports other ON other.case_id = c.id AND other.reason = r.reason
        WHERE c.state <> 'decided' AND c.severity >= safety.severity(r.reason) AND c.user_id <> r.reported_id AND EXISTS (
            SELECT FROM safety.known_marks mine
            JOIN safety.known_marks theirs
                ON theirs.user_id = other.reporter_id AND theirs.kind = mine.kind AND theirs.mark = mine.mark
            WHERE mine.user_id = r.reporter_id AND mine.kind IN ('device', 'network')
        )
    ) ELSE 0 END AS beside
FROM interaction.reports r
JOIN identity.users reporter ON reporter.id = r.reporter_id
CROSS JOIN LATERAL (
    SELECT
        count(*) FILTER (WHERE own.status = 'actioned') AS upheld,
        count(*) FILTER (WHERE own.status = 'dismissed') AS dismissed,
        count(*) FILTER (WHERE own.status = 'dismissed' AND own.reason = 'underage') AS dismissed_underage,
        count(DISTINCT own.reported_id) FILTER (
            WHERE own.status IN ('open', 'reviewing') AND own.reason = 'underage' AND own.reported_id <> r.reported_id
        ) AS waiting
    FROM interaction.reports own WHERE own.reporter_id = r.reporter_id
) record
WHERE r.id = ANY ($1::uuid[])

-- name: company
-- With whom matching has brought each of users $1 together in their latest $2 calls that were answered, and on which days.
SELECT DISTINCT asked.id AS user_id, peer.user_id AS other_id, extract(epoch FROM met.offered_at)::bigint / 86400 AS day
FROM unnest($1::uuid[]) AS asked (id)
CROSS JOIN LATERAL (
    SELECT c.id, c.offered_at FROM interaction.call_participants own
    JOIN interaction.calls c ON c.id = own.call_id AND c.started_at IS NOT NULL AND c.origin = 'match'
    WHERE own.user_id = asked.id
    ORDER BY own.call_id DESC LIMIT $2
) AS met
JOIN interaction.call_participants peer ON peer.call_id = met.id AND peer.user_id <> asked.id

-- name: marks
-- The devices and networks of users $1, but for those that more than $2 accounts were seen with.
SELECT own.user_id, array_agg(own.mark) AS marks
FROM safety.known_marks own
WHERE own.user_id = ANY ($1::uuid[]) AND own.kind IN ('device', 'network') AND (
    SELECT count(*) FROM (
        SELECT FROM safety.known_marks other WHERE other.kind = own.kind AND other.mark = own.mark LIMIT $2 + 1
    ) AS bearers
) <= $2
GROUP BY own.user_id
