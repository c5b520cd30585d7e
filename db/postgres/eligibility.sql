-- Which users may be offered to which. Users are passed as ids; times as timestamptz.

-- name: unfit
-- Those of users $1 to whom no offer can be made at $2: gone, busy or banned.
SELECT asked.id AS user_id FROM unnest($1::uuid[]) AS asked (id)
WHERE NOT EXISTS (SELECT FROM identity.users u WHERE u.id = asked.id AND u.deleted_at IS NULL)
    OR EXISTS (SELECT FROM interaction.call_participants p WHERE p.user_id = asked.id AND p.active)
    OR EXISTS (SELECT FROM identity.banned($2) b WHERE b.user_id = asked.id)

-- name: not_by_places
-- Those of users $1 who do not want to be matched by where they go.
SELECT asked.id AS user_id FROM unnest($1::uuid[]) AS asked (id)
WHERE NOT EXISTS (SELECT FROM identity.settings s WHERE s.user_id = asked.id AND s.match_by_places)

-- name: avoid
-- The users who must not be offered to this one: blocked either way, hidden by contacts either way, met since $3, or offered since $4 without an answer
-- of both. A call id is not older than $2. Somebody may be named more than once.
SELECT other AS user_id FROM identity.blocked_pairs WHERE one = $1
UNION ALL
SELECT from_id FROM social.hidden_from WHERE user_id = $1
UNION ALL
SELECT user_id FROM social.hidden_from WHERE from_id = $1
UNION ALL
SELECT peer.user_id
FROM interaction.call_participants own
JOIN interaction.calls c ON c.id = own.call_id
JOIN interaction.call_participants peer ON peer.call_id = own.call_id AND peer.user_id <> own.user_id
WHERE own.user_id = $1 AND own.call_id >= $2 AND (
    c.offered_at >= $3 AND (c.started_at IS NOT NULL OR c.end_reason IN ('declined', 'skipped'))
    OR c.offered_at >= $4 AND c.origin = 'match' AND c.end_reason = 'no_answer'
)

-- name: on_good_terms
-- Whether nothing speaks against a rematch of users $1 and $2: no block, no hiding from contacts, no refusal and no report since $4, and no offer
-- since $5 that one of them left unanswered. A call id is not older than $3.
SELECT NOT EXISTS (
    SELECT FROM identity.blocked_pairs WHERE one = $1 AND other = $2
) AND NOT EXISTS (
    SELECT FROM social.hidden_from WHERE (user_id, from_id) IN (($1, $2), ($2, $1))
) AND NOT EXISTS (
    SELECT FROM interaction.call_participants own
    JOIN interaction.calls c ON c.id = own.call_id
    JOIN interaction.call_participants peer ON peer.call_id = own.call_id AND peer.user_id = $2
    WHERE own.user_id = $1 AND own.call_id >= $3 AND (
        c.offered_at >= $4 AND c.end_reason IN ('declined', 'skipped', 'reported', 'blocked', 'moderated')
        OR c.offered_at >= $5 AND c.origin = 'match' AND c.end_reason = 'no_answer'
    )
) AND NOT EXISTS (
    SELECT FROM interaction.reports r
    WHERE (r.reporter_id, r.reported_id) IN (($1, $2), ($2, $1)) AND r.created_at >= $4
)
