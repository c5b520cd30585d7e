-- Calls from the offer to what they lead to. Users are passed as an array; times as timestamptz.

-- name: offer
-- Offer call $1 to users $5, with the decision $8 of $7 that matching made, if it did; or say what keeps them from it: who
-- is at fault for what, whether one has blocked the other or, where matching offers, hides from them, and whether they have met, as `avoid` of eligibility.sql says with
-- its $2 to $4 as $10 to $12 (nulls: that does not count). To be performed twice in one transaction: the first time
-- ($9 false) it only locks the users, as user_locks.sql says, so that the second time sees whatever was done before. Of
-- several offers in one transaction, the first time locks the users of all, whose number may then be any.
-- `over`: whether this very call has ended on record; null while it is not there. `matched`: one of them is in a call that
-- came of matching. `suspects`: those of them who are suspects by now; one of two may not be offered to the other.
WITH locked AS (
    SELECT id, tier FROM identity.users WHERE id = ANY ($5::uuid[]) ORDER BY id FOR NO KEY UPDATE
), found AS MATERIALIZED (
    SELECT
        (SELECT ended_at IS NOT NULL FROM interaction.calls WHERE id = $1) AS over,
        ARRAY(
            SELECT asked.id::text FROM unnest($5::uuid[]) AS asked (id)
            WHERE NOT EXISTS (SELECT FROM identity.users u WHERE u.id = asked.id AND u.deleted_at IS NULL)
        ) AS gone,
        ARRAY(
            SELECT p.user_id::text FROM interaction.call_participants p WHERE p.user_id = ANY ($5::uuid[]) AND p.active
        ) AS busy,
        EXISTS (
            SELECT FROM interaction.call_participants p
            JOIN interaction.calls c ON c.id = p.call_id AND c.origin = 'match'
            WHERE p.user_id = ANY ($5::uuid[]) AND p.active
        ) AS matched,
        ARRAY(
            SELECT b.user_id::text FROM identity.banned($6) b WHERE b.user_id = ANY ($5::uuid[])
        ) AS banned,
        EXISTS (
            SELECT FROM identity.blocked_pairs WHERE one = ($5::uuid[])[1] AND other = ($5::uuid[])[2]
        ) OR $2 = 'match' AND EXISTS (
            SELECT FROM social.hidden_from
            WHERE (user_id, from_id) IN ((($5::uuid[])[1], ($5::uuid[])[2]), (($5::uuid[])[2], ($5::uuid[])[1]))
        ) AS blocked,
        EXISTS (
            SELECT FROM interaction.call_participants own
            JOIN interaction.calls c ON c.id = own.call_id
            JOIN interaction.call_participants peer ON peer.call_id = own.call_id AND peer.user_id = ($5::uuid[])[2]
            WHERE own.user_id = ($5::uuid[])[1] AND own.call_id >= $10 AND (
                c.offered_at >= $11 AND (c.started_at IS NOT NULL OR c.end_reason IN ('declined', 'skipped'))
                OR c.offered_at >= $12 AND c.origin = 'match' AND c.end_reason = 'no_answer'
            )
        ) AS met,
        ARRAY(SELECT locked.id::text FROM locked WHERE locked.tier = 'suspect') AS suspects
    WHERE $9
), free AS (
    SELECT FROM found WHERE over IS NULL AND cardinality(gone || busy || banned) = 0 AND NOT blocked
        AND NOT met
        AND cardinality(suspects) <> 1
), call AS (
    INSERT INTO interaction.calls (id, origin, mode, region, offered_at) SELECT $1, $2, $3, $4, $6 FROM free
), decision AS (
    INSERT INTO interaction.match_decisions (call_id, decided_at, body)
    SELECT $1, $7, $8 FROM free WHERE $8::bytea IS NOT NULL
), participants AS (
    INSERT INTO interaction.call_participants (call_id, user_id, active) SELECT $1, unnest($5::uuid[]), true FROM free
)
SELECT found.* FROM (SELECT count(*) FROM locked) AS held LEFT JOIN found ON true

-- name: started
-- Both of each of calls $1 have accepted, at $2, place by place. One that is over does not start any more.
UPDATE interaction.calls c SET started_at = t.at
FROM unnest($1::uuid[], $2::timestamptz[]) AS t (id, at)
WHERE c.id = t.id AND c.started_at IS NULL AND c.ended_at IS NULL

-- name: live
-- Media flows both ways.
UPDATE interaction.calls SET live_at = $2 WHERE id = $1 AND live_at IS NULL

-- name: ended
-- The first end counts, and with it whose fault it was ($7), and whether it had started ($8); either way nobody is in this call
-- any more.
WITH call AS (
    UPDATE interaction.calls
    SET ended_at = $2, end_reason = $3, ended_by = $4, duration_s = $5, decision_deadline = $6,
        started_at = CASE WHEN $8::boolean THEN started_at END
    WHERE id = $1 AND ended_at IS NULL
)
UPDATE interaction.call_participants
SET active = false, fault_at = CASE WHEN user_id = ANY ($7::uuid[]) THEN $2 END
WHERE call_id = $1 AND active

-- name: voted
-- The first vote counts.
INSERT INTO interaction.decisions (call_id, user_id, connect, feedback, created_at)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (call_id, user_id) DO NOTHING

-- name: closed
-- The outcome is known; the first one counts.
UPDATE interaction.calls SET outcome = $2, closed_at = $3 WHERE id = $1 AND closed_at IS NULL

-- name: active_call
-- The call that this user is in or has an offer of.
SELECT call_id FROM interaction.call_participants WHERE user_id = $1 AND active

-- name: in_call
-- Those of users $1 who are in a call or have an offer.
SELECT user_id FROM interaction.call_participants WHERE user_id = ANY ($1::uuid[]) AND active

-- name: to_decide
-- A condition: whether call `part` has ended and waits for a decision. Whoever asks for the calls of a user, looks at theirs
-- alone, and at none older than the first that anybody has to decide. As a join, all that wait might be read instead.
part.call_id >= (
    SELECT c.id FROM interaction.calls c WHERE c.decision_deadline IS NOT NULL AND c.closed_at IS NULL ORDER BY c.id LIMIT 1
) AND (
    SELECT true FROM interaction.calls c
    WHERE c.id = part.call_id AND c.decision_deadline IS NOT NULL AND c.closed_at IS NULL
)

-- name: open_calls
-- Calls that this user is in, or that have ended and wait for a decision.
SELECT call_id FROM interaction.call_participants WHERE user_id = $1 AND active
UNION
SELECT part.call_id FROM interaction.call_participants part WHERE part.user_id = $1 AND :to_decide

-- name: open_calls_of
-- Calls that any of users $1 is in, or that have ended and wait for a decision.
SELECT call_id FROM interaction.call_participants WHERE user_id = ANY ($1::uuid[]) AND active
UNION
SELECT part.call_id FROM interaction.call_participants part WHERE part.user_id = ANY ($1::uuid[]) AND :to_decide

-- name: on_record
-- Call $1 with each side and its vote, unless it is over and there is nothing to decide.
SELECT
    c.id, c.origin, c.mode, c.region, c.offered_at, c.live_at, c.ended_at, c.ended_by, c.end_reason,
    c.decision_deadline, d.connect AS vote, card.*, false AS hidden
FROM interaction.calls c
JOIN interaction.call_participants p ON p.call_id = c.id
JOIN identity.cards card ON card.user_id = p.user_id
LEFT JOIN interaction.decisions d ON d.call_id = c.id AND d.user_id = p.user_id
WHERE c.id = $1 AND c.closed_at IS NULL AND (c.ended_at IS NULL OR c.decision_deadline IS NOT NULL)
ORDER BY p.user_id

-- name: was_in
-- Whether this user took part in the call.
SELECT EXISTS (SELECT FROM interaction.call_participants WHERE call_id = $1 AND user_id = $2)

-- name: history
-- Calls of a user that were answered and have ended, newest first, before call $2 (null: from the newest). A report that
-- ended a call is on record like any other end, perhaps a moment later; only the reporter is shown that it was one. Of a peer with whom the user
-- is not connected, or whom they may not see at $4, only the name is given, so that the list does not show who has
-- blocked them.
SELECT
    c.id, c.origin, c.mode, c.started_at, c.ended_at, c.duration_s, c.outcome,
    CASE WHEN EXISTS (
        SELECT FROM interaction.reports r
        WHERE r.call_id = c.id AND r.reporter_id = own.user_id AND r.reporter_id = c.ended_by
            AND r.created_at <= c.ended_at
    ) THEN 'reported' ELSE c.end_reason END AS end_reason,
    card.*, NOT EXISTS (
        SELECT FROM interaction.connections k
        WHERE k.user_a = least(own.user_id, card.user_id) AND k.user_b = greatest(own.user_id, card.user_id)
            AND k.ended_at IS NULL
    ) AND NOT EXISTS (
        SELECT FROM social.friendships f
        WHERE f.user_a = least(own.user_id, card.user_id) AND f.user_b = greatest(own.user_id, card.user_id)
            AND f.ended_at IS NULL
    ) OR NOT EXISTS (
        SELECT FROM identity.visible_to($1, $4) seen WHERE seen.user_id = card.user_id
    ) AS hidden
FROM interaction.call_participants own
JOIN interaction.calls c ON c.id = own.call_id AND c.started_at IS NOT NULL AND c.ended_at IS NOT NULL
JOIN interaction.call_participants peer ON peer.call_id = own.call_id AND peer.user_id <> own.user_id
JOIN identity.cards card ON card.user_id = peer.user_id
WHERE own.user_id = $1 AND own.call_id < coalesce($2::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
ORDER BY own.call_id DESC
LIMIT $3
