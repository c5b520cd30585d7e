-- Calls from the offer to what they lead to. Users are passed as an array; times as timestamptz.

-- name: offer
-- Offer each of calls $4 to user $2 and user $3 (null: an echo call has one), place by place in these columns (arrays as text, but for the
-- last), with the decision $13 of $9 that
-- matching made, if it did; or say what keeps them from it: who is at fault for what, whether one has blocked the other or, where
-- matching offers, hides from them, and whether they have met, as `avoid` of eligibility.sql says with its $2 to $4 as $10 to $12 (nulls:
-- that does not count). To be performed twice in one transaction: the first time ($1 false) it only locks the users of all, as
-- user_locks.sql says, so that the second time sees whatever was done before. A user who is in two of these calls, or a call that is twice
-- among them, fails all: then each is offered alone.
-- `over`: whether this very call has ended on record; null while it is not there. `matched`: one of them is in a call that
-- came of matching. `suspects`: those of them who are suspects by now; matching may not offer one of two to the other.
-- `relay_only`: those of them who wish for relays only by now. `probe`: one of them is a probe, and the other is not.
-- What is asked of one is asked by scalar queries: as a join, all calls might be read for a few.
WITH asked AS MATERIALIZED (
    SELECT * FROM unnest(
        $2::text::uuid[], $3::text::uuid[], $4::text::uuid[], $5::text::text[], $6::text::text[], $7::text::text[],
        $8::text::timestamptz[], $9::text::timestamptz[], $10::text::uuid[], $11::text::timestamptz[], $12::text::timestamptz[],
        $13::bytea[]
    ) WITH ORDINALITY AS a (
        one, other, call_id, origin, mode, region, at, decided_at, first_id, met_since, unanswered_since, decision, place
    )
), locked AS MATERIALIZED (
    SELECT id, tier, probe, deleted_at FROM identity.users WHERE id = ANY ($2::text::uuid[] || $3::text::uuid[]) ORDER BY id FOR NO KEY UPDATE
), people AS MATERIALIZED (
    SELECT
        asked.place, who.user_id, locked.tier = 'suspect' AS suspect, locked.probe,
        locked.id IS NULL OR locked.deleted_at IS NOT NULL AS gone,
        EXISTS (SELECT FROM identity.banned(asked.at) b WHERE b.user_id = who.user_id) AS banned,
        (SELECT p.call_id FROM interaction.call_participants p WHERE p.user_id = who.user_id AND p.active) AS busy,
        (SELECT s.relay_only FROM identity.settings s WHERE s.user_id = who.user_id) AS relay_only
    FROM asked CROSS JOIN unnest(ARRAY[asked.one, asked.other]) AS who (user_id) LEFT JOIN locked ON locked.id = who.user_id
    WHERE $1 AND who.user_id IS NOT NULL
), pairs AS (
    SELECT
        place,
        array_agg(user_id::text) FILTER (WHERE gone) AS gone,
        array_agg(user_id::text) FILTER (WHERE busy IS NOT NULL) AS busy,
        bool_or((SELECT c.origin = 'match' FROM interaction.calls c WHERE c.id = busy)) AS matched,
        array_agg(user_id::text) FILTER (WHERE banned) AS banned,
        array_agg(user_id::text) FILTER (WHERE suspect) AS suspects,
        array_agg(user_id::text) FILTER (WHERE relay_only) AS relay_only,
        count(DISTINCT probe) > 1 AS probe
    FROM people GROUP BY place
), found AS MATERIALIZED (
    SELECT
        asked.*, pairs.gone, pairs.busy, pairs.matched, pairs.banned, pairs.suspects, pairs.relay_only, pairs.probe,
        (SELECT c.ended_at IS NOT NULL FROM interaction.calls c WHERE c.id = asked.call_id) AS over,
        EXISTS (
            SELECT FROM identity.blocked_pairs WHERE one = asked.one AND other = asked.other
        ) OR asked.origin = 'match' AND EXISTS (
            SELECT FROM social.hidden_from
            WHERE (user_id, from_id) IN ((asked.one, asked.other), (asked.other, asked.one))
        ) AS blocked,
        EXISTS (
            SELECT FROM interaction.call_participants own
            WHERE own.user_id = asked.one AND own.call_id >= asked.first_id AND (
                SELECT true FROM interaction.call_participants peer
                WHERE peer.call_id = own.call_id AND peer.user_id = asked.other
            ) AND (
                SELECT c.offered_at >= asked.met_since AND (c.started_at IS NOT NULL OR c.end_reason IN ('declined', 'skipped'))
                    OR c.offered_at >= asked.unanswered_since AND c.origin = 'match' AND c.end_reason = 'no_answer'
                FROM interaction.calls c WHERE c.id = own.call_id
            )
        ) AS met
    FROM asked JOIN pairs USING (place)
), free AS MATERIALIZED (
    SELECT * FROM found WHERE over IS NULL AND gone IS NULL AND busy IS NULL AND banned IS NULL AND NOT blocked AND NOT met AND NOT probe
        AND (origin <> 'match' OR cardinality(suspects) IS DISTINCT FROM 1)
), call AS (
    INSERT INTO interaction.calls (id, origin, mode, region, offered_at) SELECT call_id, origin, mode, region, at FROM free
), decision AS (
    INSERT INTO interaction.match_decisions (call_id, decided_at, body)
    SELECT call_id, decided_at, decision FROM free WHERE decision IS NOT NULL
), participants AS (
    INSERT INTO interaction.call_participants (call_id, user_id, active)
    SELECT free.call_id, people.user_id, true FROM free JOIN people USING (place)
)
SELECT over, gone, busy, matched, banned, blocked, met, suspects, relay_only, probe
FROM (SELECT count(*) FROM locked) AS held LEFT JOIN found ON true
ORDER BY place

-- name: started
-- Both of each of calls $1 have accepted, at $2, place by place (arrays as text). One that is over does not start any more. Gives the direct calls that
-- ring somebody who has begun one of these.
-- PostgreSQL takes arrays to have ten places, and reads all calls rather than look for ten in a table that it has not counted yet, by a plan
-- that it keeps. That each time lies between two ends, as all do, it takes to be seldom: so it looks for each by its key. That a key is
-- one of an array of one says the same as that it is equal: but where it knows that no more than one row is found, it counts the look twice.
WITH begun AS (
    UPDATE interaction.calls c SET started_at = t.at
    FROM unnest($1::text::uuid[], $2::text::timestamptz[]) AS t (id, at)
    WHERE c.id = ANY (ARRAY[t.id]) AND c.started_at IS NULL AND c.ended_at IS NULL AND t.at BETWEEN '-infinity' AND 'infinity'
    RETURNING c.id
)
SELECT begun.id AS call_id, ringing.id AS ring
FROM begun
JOIN interaction.call_participants p ON p.call_id = begun.id
JOIN interaction.calls ringing ON ringing.rings = p.user_id AND ringing.started_at IS NULL AND ringing.ended_at IS NULL

-- name: live
-- Media of call $1 flows both ways, since $2; unless a rule waits for first calls, as the answer says: then nothing is done.
WITH waiting AS MATERIALIZED (SELECT :first_call AS rules), live AS (
    UPDATE interaction.calls SET live_at = $2 WHERE id = $1 AND live_at IS NULL AND NOT (SELECT rules FROM waiting)
)
SELECT rules FROM waiting

-- name: live_as_well
-- The same whatever waits. Gives those for whom it is the first call with somebody.
WITH live AS (
    UPDATE interaction.calls SET live_at = $2 WHERE id = $1 AND live_at IS NULL RETURNING id, origin
)
SELECT part.user_id
FROM live JOIN interaction.call_participants part ON part.call_id = live.id
WHERE live.origin <> 'echo' AND NOT EXISTS (
    SELECT FROM interaction.call_participants before
    JOIN interaction.calls c ON c.id = before.call_id AND c.live_at IS NOT NULL AND c.origin <> 'echo'
    WHERE before.user_id = part.user_id AND before.call_id <> $1
)

-- name: ended
-- The first end counts, and with it whose fault it was ($7), whether it had started ($8) and what each reads of it ($10, by user);
-- either way nobody is in this call any more. Whom it rings may answer in this very moment. $9: its timeline, if there is one; the
-- first counts.
WITH timeline AS (
    INSERT INTO interaction.call_timelines (call_id, ended_at, events)
    SELECT id, $2, $9 FROM interaction.calls WHERE id = $1 AND $9::bytea IS NOT NULL
    ON CONFLICT (call_id) DO NOTHING
), call AS (
    UPDATE interaction.calls
    SET ended_at = $2, end_reason = $3, ended_by = $4, duration_s = $5, decision_deadline = $6,
        started_at = CASE WHEN $8::boolean THEN started_at END
    WHERE id = $1 AND ended_at IS NULL
    RETURNING rings
)
UPDATE interaction.call_participants
SET active = false, fault_at = CASE WHEN user_id = ANY ($7::uuid[]) THEN $2 END, verdict = $10::jsonb -> user_id::text
WHERE call_id = $1 AND (active OR user_id = (SELECT call.rings FROM call))

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
-- Calls that this user is in, that ring them, or that have ended and wait for a decision.
SELECT call_id FROM interaction.call_participants WHERE user_id = $1 AND active
UNION
SELECT id FROM interaction.calls WHERE rings = $1 AND started_at IS NULL AND ended_at IS NULL
UNION
SELECT part.call_id FROM interaction.call_participants part WHERE part.user_id = $1 AND :to_decide

-- name: open_calls_of
-- The same of any of users $1.
SELECT call_id FROM interaction.call_participants WHERE user_id = ANY ($1::uuid[]) AND active
UNION
SELECT id FROM interaction.calls WHERE rings = ANY ($1::uuid[]) AND started_at IS NULL AND ended_at IS NULL
UNION
SELECT part.call_id FROM interaction.call_participants part WHERE part.user_id = ANY ($1::uuid[]) AND :to_decide

-- name: on_record
-- Call $1 with each user and their vote, whoever rings first, unless it is over and there is nothing to decide.
SELECT
    c.id, c.origin, c.mode, c.region, c.offered_at, c.started_at, c.live_at, c.ended_at, c.ended_by, c.end_reason,
    c.decision_deadline, c.rings, d.connect AS vote, card.*, false AS hidden,
    (SELECT u.probe FROM identity.users u WHERE u.id = p.user_id) AS probe
FROM interaction.calls c
JOIN interaction.call_participants p ON p.call_id = c.id
JOIN identity.cards card ON card.user_id = p.user_id
LEFT JOIN interaction.decisions d ON d.call_id = c.id AND d.user_id = p.user_id
WHERE c.id = $1 AND c.closed_at IS NULL AND (c.ended_at IS NULL OR c.decision_deadline IS NOT NULL)
ORDER BY p.user_id = c.invited_by DESC, p.user_id

-- name: was_in
-- Whether this user took part in the call.
SELECT EXISTS (SELECT FROM interaction.call_participants WHERE call_id = $1 AND user_id = $2)

-- name: history
-- Calls of a user that have ended, newest first, before call $2 (null: from the newest): those that were answered, and direct calls that
-- the user has made or missed. A report that
-- ended a call is on record like any other end, perhaps a moment later; only the reporter is shown that it was one. Of a peer with whom the user
-- is not connected, or whom they may not see at $4, only the name is given, so that the list does not show who has
-- blocked them.
SELECT
    c.id, c.origin, c.mode, c.started_at, c.ended_at, c.duration_s, c.outcome, own.verdict,
    c.invited_by IS NOT DISTINCT FROM own.user_id AS outgoing,
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
JOIN interaction.calls c ON c.id = own.call_id AND c.ended_at IS NOT NULL
    AND (c.started_at IS NOT NULL OR own.user_id IN (c.invited_by, c.rings))
JOIN interaction.call_participants peer ON peer.call_id = own.call_id AND peer.user_id <> own.user_id
JOIN identity.cards card ON card.user_id = peer.user_id
WHERE own.user_id = $1 AND own.call_id < coalesce($2::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
ORDER BY own.call_id DESC
LIMIT $3
