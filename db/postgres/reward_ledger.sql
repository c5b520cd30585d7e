-- The ledger of rewards, and whether it adds up.

-- name: sums
-- How many rewards: granted, of these in place of one whose redemption was taken back, redeemed, of these taken back, expired, and open.
SELECT
    (SELECT count(*) FROM places.reward_ledger e WHERE e.kind = 'granted') AS granted,
    (SELECT count(*) FROM places.rewards r WHERE r.replaces IS NOT NULL) AS again,
    (SELECT count(*) FROM places.reward_ledger e WHERE e.kind = 'redeemed') AS redeemed,
    (SELECT count(*) FROM places.reward_ledger e WHERE e.kind = 'reversed') AS reversed,
    (SELECT count(*) FROM places.reward_ledger e WHERE e.kind = 'expired') AS expired,
    (SELECT count(*) FROM places.rewards r WHERE r.redeemed_at IS NULL AND r.expired_at IS NULL) AS open

-- name: differences
-- Up to $1 of all that does not add up: what, its id, and why.
WITH told AS (
    SELECT e.reward_id, count(*) FILTER (WHERE e.kind = 'granted') AS granted,
        min(e.at) FILTER (WHERE e.kind = 'granted') AS granted_at, min(e.at) FILTER (WHERE e.kind = 'redeemed') AS redeemed_at,
        min(e.at) FILTER (WHERE e.kind = 'reversed') AS reversed_at, min(e.at) FILTER (WHERE e.kind = 'expired') AS expired_at
    FROM places.reward_ledger e GROUP BY e.reward_id
)
SELECT wrong.* FROM (
    SELECT 'reward' AS what, r.id, CASE
        WHEN told.granted IS DISTINCT FROM 1 THEN 'is not granted in the ledger'
        WHEN r.replaces IS NULL AND told.granted_at <> r.earned_at THEN 'was granted at another time'
        WHEN told.redeemed_at IS DISTINCT FROM r.redeemed_at THEN 'is redeemed in one of the two, or at another time'
        WHEN told.reversed_at IS DISTINCT FROM r.reversed_at THEN 'is reversed in one of the two, or at another time'
        WHEN (told.expired_at IS NULL) <> (r.expired_at IS NULL) THEN 'has expired in one of the two'
        WHEN told.expired_at <> r.expires_at THEN 'has expired at another time'
        WHEN r.redeemed_at >= r.expires_at THEN 'was redeemed after it had expired'
        WHEN r.redeemed_at < r.earned_at THEN 'was redeemed before it was granted'
        WHEN r.reversed_at IS NOT NULL AND NOT EXISTS (SELECT FROM places.rewards again WHERE again.replaces = r.id)
            THEN 'is reversed, and nothing is there in its place'
        WHEN r.replaces IS NOT NULL AND NOT EXISTS (
            SELECT FROM places.rewards first
            WHERE first.id = r.replaces AND first.reversed_at IS NOT NULL AND (first.user_id, first.rule_id) = (r.user_id, r.rule_id)
        ) THEN 'is there in place of one that is not reversed'
    END AS why
    FROM places.rewards r LEFT JOIN told ON told.reward_id = r.id
) wrong WHERE wrong.why IS NOT NULL
UNION ALL
SELECT 'rule', rule.id, format('says that it has granted %s, and has granted %s', rule.granted, made.count)
FROM places.reward_rules rule
CROSS JOIN LATERAL (SELECT count(*) FROM places.rewards r WHERE r.rule_id = rule.id AND r.replaces IS NULL) made
WHERE rule.granted <> made.count
UNION ALL
SELECT 'partner', partner.id, format('says that %s were granted, and %s were', partner.granted, made.count)
FROM places.partners partner
CROSS JOIN LATERAL (SELECT count(*) FROM places.rewards r WHERE r.partner_id = partner.id AND r.replaces IS NULL) made
WHERE partner.granted <> made.count
LIMIT $1
