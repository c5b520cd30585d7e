-- How far users are trusted, and what it is computed from. Times are passed as timestamptz.

-- name: standing
-- What user $1 did in the latest $4 matched calls offered since $2 (an id is not older than $3), by the people met in those that were
-- answered and by those that were live; leaving after less than $5 (an interval) of being live is early, unless to report.
-- `reports`: the latest $4 about them since then that no moderator has dismissed. `returning`: they may be somebody who was
-- banned. No row for a probe, of whom nothing is judged.
SELECT
    u.tier,
    u.verified_at IS NOT NULL AS verified,
    EXISTS (
        SELECT FROM safety.suspicions s WHERE s.user_id = u.id AND s.suspect AND s.cleared_at IS NULL
    ) AS returning,
    ARRAY(
        SELECT r.id FROM interaction.reports r
        WHERE r.reported_id = $1 AND r.id >= $3 AND r.created_at >= $2 AND r.status <> 'dismissed'
        ORDER BY r.id DESC LIMIT $4
    ) AS reports,
    count(DISTINCT peer.user_id) FILTER (WHERE c.started_at IS NOT NULL) AS met,
    count(c.live_at) AS live,
    count(c.live_at) FILTER (
        WHERE c.ended_by = u.id AND c.end_reason IN ('hung_up', 'skipped')
            AND make_interval(secs => c.duration_s) < $5::interval AND own.id IS NULL
    ) AS early
FROM identity.users u
LEFT JOIN (
    SELECT own.call_id FROM interaction.call_participants own
    JOIN interaction.calls met ON met.id = own.call_id AND met.origin = 'match'
    WHERE own.user_id = $1 AND own.call_id >= $3
    ORDER BY own.call_id DESC
    LIMIT $4
) AS latest ON true
LEFT JOIN interaction.calls c ON c.id = latest.call_id AND c.offered_at >= $2 AND c.ended_at IS NOT NULL
LEFT JOIN interaction.call_participants peer ON peer.call_id = c.id AND peer.user_id <> u.id
LEFT JOIN interaction.reports own ON own.call_id = c.id AND own.reporter_id = u.id
WHERE u.id = $1 AND u.deleted_at IS NULL AND NOT u.probe
GROUP BY u.id

-- name: move
-- Move user $1 from tier $2 to tier $3 at $5, with entry $4 and its details $6 on the audit log. No row: they are not in $2.
WITH moved AS (
    UPDATE identity.users SET tier = $3 WHERE id = $1 AND tier = $2 AND deleted_at IS NULL RETURNING id
)
INSERT INTO identity.audit_log (id, at, actor_id, action, subject_id, details)
SELECT $4, $5, NULL, 'tier_changed', id, $6 FROM moved
RETURNING id

-- name: due
-- At most $3 users, trusted or suspect, whom no node has taken for review since $2. They are taken at $1.
UPDATE identity.users SET judged_at = $1
WHERE id IN (
    SELECT id FROM identity.users
    WHERE tier <> 'neutral' AND deleted_at IS NULL AND judged_at < $2
    ORDER BY judged_at LIMIT $3 FOR NO KEY UPDATE SKIP LOCKED
)
RETURNING id
