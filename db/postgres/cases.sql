-- Cases: all reports about one user, until they are decided. Times are passed as timestamptz.

-- name: row
-- Columns of a case with whom it is about, and a summary of its reports.
    c.id, c.user_id, c.severity, c.state, c.opened_at, c.claimed_by, c.claimed_until, c.decided_by, c.decided_at, c.action,
    c.days, c.note, c.undone_by, c.undone_at, u.role, u.tier, coalesce(p.display_name, '') AS display_name, sum.*, EXISTS (
        SELECT FROM safety.strikes s WHERE s.case_id = c.id AND s.by IS NULL AND s.lifted_at IS NULL
    ) AS suspended
FROM safety.cases c
JOIN identity.users u ON u.id = c.user_id
LEFT JOIN identity.profiles p ON p.user_id = c.user_id
CROSS JOIN LATERAL (
    SELECT
        coalesce((array_agg(r.reason ORDER BY safety.severity(r.reason) DESC, r.id))[1], 'other') AS reason,
        count(*) AS report_count, count(DISTINCT r.reporter_id) AS reporters
    FROM interaction.reports r WHERE r.case_id = c.id
) sum

-- name: theirs
-- A condition: moderator $1 may decide case `c` about user `u`. Nobody sees what is said of themselves, nor a moderator what is
-- said of an admin.
c.user_id <> $1 AND (
    u.role <> 'admin' OR EXISTS (SELECT FROM identity.users me WHERE me.id = $1 AND me.role = 'admin')
)

-- name: queue
-- Cases to decide that $1 may see: with a report for $2 (null: any), after the one of severity $3 and id $4, at most $5; at $6
-- in state $7 (null: either). A claim that has lapsed is none.
SELECT :row
WHERE c.state <> 'decided' AND :theirs AND :page
    AND ($7::text IS NULL OR ($7 = 'claimed') = (c.state = 'claimed' AND c.claimed_until > $6))
ORDER BY c.severity DESC, c.id LIMIT $5

-- name: decided
-- The same of cases that were decided.
SELECT :row
WHERE c.state = 'decided' AND :theirs AND :page AND $6::timestamptz IS NOT NULL AND $7 = 'decided'
ORDER BY c.severity DESC, c.id LIMIT $5

-- name: page
-- A condition: `c` is on this page.
($2::text IS NULL OR EXISTS (SELECT FROM interaction.reports r WHERE r.case_id = c.id AND r.reason = $2))
    AND c.severity <= $3 AND (c.severity < $3 OR c.id > $4)

-- name: case
-- Case $2, if $1 may see it.
SELECT :row
WHERE c.id = $2 AND :theirs

-- name: about
-- Whom case $2 is about, if $1 may see it.
SELECT c.user_id FROM safety.cases c JOIN identity.users u ON u.id = c.user_id WHERE c.id = $2 AND :theirs

-- name: locked
-- Case $1, which only this transaction changes now.
SELECT id, user_id, state, claimed_by, claimed_until FROM safety.cases WHERE id = $1 FOR UPDATE

-- name: reports
-- The reports of case $1, oldest first, each with the record of its reporter.
SELECT
    r.id, r.subject_type, r.subject_id, r.reason, r.note, r.created_at, r.status, r.evidence, r.evidence_key_id,
    r.evidence_media_id, r.reporter_id, u.tier, coalesce(p.display_name, '') AS display_name, record.*, EXISTS (
        SELECT FROM interaction.call_participants own
        JOIN interaction.call_participants peer ON peer.call_id = own.call_id AND peer.user_id = r.reported_id
        JOIN interaction.calls met ON met.id = own.call_id AND met.started_at IS NOT NULL
        WHERE own.user_id = r.reporter_id
    ) AS met
FROM interaction.reports r
JOIN identity.users u ON u.id = r.reporter_id
LEFT JOIN identity.profiles p ON p.user_id = r.reporter_id
CROSS JOIN LATERAL (
    SELECT
        count(*) AS filed,
        count(*) FILTER (WHERE own.status = 'actioned') AS upheld,
        count(*) FILTER (WHERE own.status = 'dismissed') AS dismissed
    FROM interaction.reports own WHERE own.reporter_id = r.reporter_id
) record
WHERE r.case_id = $1 ORDER BY r.id

-- name: look
-- User $2 has looked at reports $3 of case $1.
INSERT INTO safety.looks (case_id, user_id, reports) VALUES ($1, $2, $3)
ON CONFLICT (case_id, user_id) DO UPDATE SET reports = excluded.reports

-- name: unseen
-- Reports of case $1 that came after the last look of user $2 at it. None where they have never looked.
SELECT r.id FROM interaction.reports r
JOIN safety.looks l ON l.case_id = r.case_id AND l.user_id = $2
WHERE r.case_id = $1 AND r.id <> ALL (l.reports)
ORDER BY r.id

-- name: penalties
-- The bans of user $1 that hold at $2, each with its strike (null: of none).
SELECT b.id, b.strike_id, b.reason, b.created_at, b.until, s.action FROM identity.bans b
LEFT JOIN safety.strikes s ON s.id = b.strike_id
WHERE b.user_id = $1 AND b.during @> $2::timestamptz ORDER BY b.id

-- name: strikes
-- All strikes of user $1, newest first, with what became of the appeal.
SELECT s.id, s.case_id, s.action, s.reason, s.at, s.until, s.by, s.lifted_at, a.state AS appeal
FROM safety.strikes s LEFT JOIN safety.appeals a ON a.strike_id = s.id
WHERE s.user_id = $1 ORDER BY s.id DESC

-- name: standing
-- The strikes of case $1 that stand: those that the system made by itself ($2), or those that were decided.
SELECT id, action FROM safety.strikes WHERE case_id = $1 AND lifted_at IS NULL AND (by IS NULL) = $2

-- name: claim
-- $2 decides case $1 until $3.
UPDATE safety.cases SET state = 'claimed', claimed_by = $2, claimed_until = $3 WHERE id = $1

-- name: decide
-- $2 has decided case $1 at $3: $4 for $5 days (null: not a suspension), with note $6. Its reports are `$7`.
WITH told AS (UPDATE interaction.reports SET status = $7 WHERE case_id = $1)
UPDATE safety.cases
SET state = 'decided', decided_by = $2, decided_at = $3, action = $4, days = $5, note = $6,
    undone_by = NULL, undone_at = NULL
WHERE id = $1

-- name: part
-- Reports $3 make case $1 about user $2 and wait for a decision.
WITH opened AS (
    INSERT INTO safety.cases (id, user_id, severity, opened_at)
    SELECT $1, $2, max(safety.severity(r.reason)), min(r.created_at)
    FROM interaction.reports r WHERE r.id = ANY ($3::uuid[])
)
UPDATE interaction.reports SET case_id = $1, status = 'open' WHERE id = ANY ($3::uuid[])

-- name: undecided
-- The undecided case of user $1.
SELECT id FROM safety.cases WHERE user_id = $1 AND state <> 'decided'

-- name: reopen
-- $2 undoes the decision of case $1 at $3: it waits for another, and so do its reports.
WITH told AS (UPDATE interaction.reports SET status = 'open' WHERE case_id = $1)
UPDATE safety.cases
SET state = 'open', claimed_by = NULL, claimed_until = NULL, decided_by = NULL, decided_at = NULL, action = NULL,
    days = NULL, note = NULL, undone_by = $2, undone_at = $3
WHERE id = $1

-- name: merge
-- The same where case $4 about the same user waits: that takes over the reports, and case $1 stays as it was decided.
WITH told AS (
    UPDATE interaction.reports SET status = 'open', case_id = $4 WHERE case_id = $1
), worse AS (
    UPDATE safety.cases c SET severity = greatest(c.severity, undone.severity)
    FROM safety.cases undone WHERE c.id = $4 AND undone.id = $1
)
UPDATE safety.cases SET undone_by = $2, undone_at = $3 WHERE id = $1
