-- Reports. Times are passed as timestamptz.

-- name: subject_user
-- User $2 as reporter $1 may report them at $3: visible, also but for a suspicion as in blocks.sql, met, or oneself. `going_on`: a
-- call that goes on or waits for a decision.
SELECT u.id AS reported_id, NULL::uuid AS call_id, NULL::timestamptz AS ended_at, false AS going_on, NULL::jsonb AS content
FROM identity.users u
WHERE u.id = $2 AND u.deleted_at IS NULL AND (
    u.id = $1
    OR EXISTS (SELECT FROM identity.visible_to(NULL, $3) seen WHERE seen.user_id = u.id)
    AND NOT EXISTS (
        SELECT FROM identity.blocks b WHERE (b.blocker_id, b.blocked_id) IN (($1, u.id), (u.id, $1))
    )
    OR EXISTS (
        SELECT FROM interaction.call_participants own
        JOIN interaction.call_participants peer ON peer.call_id = own.call_id AND peer.user_id = u.id
        WHERE own.user_id = $1
    )
)

-- name: subject_call
-- The same of call $2, if $1 was in it: the other one.
SELECT
    peer.user_id AS reported_id, c.id AS call_id, c.ended_at,
    c.ended_at IS NULL OR (c.decision_deadline IS NOT NULL AND c.closed_at IS NULL) AS going_on, NULL::jsonb AS content
FROM interaction.call_participants own
JOIN interaction.calls c ON c.id = own.call_id
JOIN interaction.call_participants peer ON peer.call_id = own.call_id AND peer.user_id <> own.user_id
WHERE own.user_id = $1 AND own.call_id = $2 AND $3::timestamptz IS NOT NULL

-- name: subject_message
-- The same of message $2, if $1 is a member of its room: who has sent it, and what it says. It is not forgotten before this has been filed.
SELECT m.sender_id AS reported_id, NULL::uuid AS call_id, NULL::timestamptz AS ended_at, false AS going_on, to_jsonb(m) AS content
FROM communication.messages m
JOIN communication.members own ON own.room_id = m.room_id AND own.user_id = $1 AND own.joined_seq < m.seq
WHERE m.id = $2 AND m.sender_id IS NOT NULL AND $3::timestamptz IS NOT NULL
FOR KEY SHARE OF m

-- name: subject_review
-- The same of review $2, of one whom $1 may see at $3, or oneself: who has written it, and what it says.
SELECT r.user_id AS reported_id, NULL::uuid AS call_id, NULL::timestamptz AS ended_at, false AS going_on, to_jsonb(r) AS content
FROM places.reviews r JOIN identity.visible_to($1, $3) seen ON seen.user_id = r.user_id
WHERE r.id = $2 AND r.hidden_at IS NULL

-- name: subject_post
-- The same of post $2, if its author lets $1 see it, held back or not: with whom it was for, and what its pictures are.
SELECT p.author_id AS reported_id, NULL::uuid AS call_id, NULL::timestamptz AS ended_at, false AS going_on, to_jsonb(p) AS content
FROM social.posts p
WHERE p.id = $2 AND EXISTS (SELECT FROM social.posts_meant_for($1, $3) meant WHERE meant.post_id = p.id)

-- name: subject_comment
-- The same of comment $2 on such a post, if $1 may see who has said it.
SELECT c.author_id AS reported_id, NULL::uuid AS call_id, NULL::timestamptz AS ended_at, false AS going_on, to_jsonb(c) AS content
FROM social.comments c
WHERE c.id = $2 AND c.deleted_at IS NULL
    AND EXISTS (SELECT FROM social.posts_meant_for($1, $3) meant WHERE meant.post_id = c.post_id)
    AND EXISTS (SELECT FROM identity.visible_to($1, $3) seen WHERE seen.user_id = c.author_id)

-- name: first
-- The report by user $1 of the subject of type $2 and id $3. A user may be reported again once the case is decided.
SELECT r.id, r.reported_id FROM interaction.reports r
LEFT JOIN safety.cases c ON c.id = r.case_id
WHERE r.reporter_id = $1 AND r.subject_type = $2 AND r.subject_id = $3
    AND (r.subject_type <> 'user' OR c.state IS DISTINCT FROM 'decided')

-- name: file
-- Report $1: $2 reports $3 for $4, with note $5, at $6; what is reported is of type $7 and id $8, call $9 if it is one; with
-- evidence $10 sealed by key $11, and what was uploaded as $12.
INSERT INTO interaction.reports (
    id, reporter_id, reported_id, reason, note, created_at, subject_type, subject_id, call_id,
    evidence, evidence_key_id, evidence_media_id
)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)

-- name: pend
-- The call of report $1 still has to end by it, and then, if $2, its reporter blocks the reported.
INSERT INTO interaction.pending_reports (report_id, block) VALUES ($1, $2)

-- name: due
-- At most $3 pending reports that no node has taken at $1. Each is taken until $2.
WITH taken AS (
    UPDATE interaction.pending_reports SET taken_until = $2
    WHERE report_id IN (
        SELECT report_id FROM interaction.pending_reports WHERE taken_until <= $1
        ORDER BY taken_until LIMIT $3 FOR UPDATE SKIP LOCKED
    )
    RETURNING report_id, block
)
SELECT r.id, r.call_id, r.reporter_id, r.reason, r.note, taken.block
FROM taken JOIN interaction.reports r ON r.id = taken.report_id

-- name: pending
-- The two of report $1, whose call has ended by now. No row: there is nothing to settle, or the call goes on.
SELECT r.reporter_id, r.reported_id
FROM interaction.pending_reports p
JOIN interaction.reports r ON r.id = p.report_id
JOIN interaction.calls c ON c.id = r.call_id AND c.ended_at IS NOT NULL
WHERE p.report_id = $1

-- name: settle
-- The call of report $1 has ended by it. No row: somebody was faster.
DELETE FROM interaction.pending_reports WHERE report_id = $1 RETURNING block
