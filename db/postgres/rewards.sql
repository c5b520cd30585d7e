-- What people have earned. Times are passed as timestamptz.

-- own: page
-- Up to $5 rewards of user $1 with ids below $4 (null: any), newest first: in state $3 (null: any) at $2.
SELECT r.id, r.type, r.title, r.description, r.earned_at, r.expires_at, r.redeemed_at, r.partner_id,
    places.partner_name(r.partner_id) AS partner_name, places.reward_state(r, $2) AS state
FROM places.rewards r
WHERE r.user_id = $1 AND r.id < coalesce($4::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
    AND ($3::text IS NULL OR places.reward_state(r, $2) = $3)
ORDER BY r.id DESC LIMIT $5

-- own: of_user
-- Reward $3 of user $1 at $2.
SELECT r.id, r.type, r.title, r.description, r.earned_at, r.expires_at, r.redeemed_at, r.partner_id,
    places.partner_name(r.partner_id) AS partner_name, places.reward_state(r, $2) AS state
FROM places.rewards r
WHERE r.id = $3 AND r.user_id = $1

-- name: waiting
-- A condition: whether any rule of kind :kind grants something still.
EXISTS (
    SELECT FROM places.reward_rules r LEFT JOIN places.partners p ON p.id = r.partner_id
    WHERE r.active AND r.kind = :kind AND r.granted IS DISTINCT FROM r.budget
        AND (p.id IS NULL OR p.active AND p.granted IS DISTINCT FROM p.budget)
)

-- name: rules
-- Rules of kinds $1 that grant something still, to a user $2 who is a person and has an account.
SELECT r.id, r.kind, r.every, r.at, r.reaches, r.milestone
FROM places.reward_rules r LEFT JOIN places.partners p ON p.id = r.partner_id
WHERE r.active AND r.kind = ANY ($1::text[]) AND r.granted IS DISTINCT FROM r.budget
    AND (p.id IS NULL OR p.active AND p.granted IS DISTINCT FROM p.budget)
    AND EXISTS (SELECT FROM identity.users u WHERE u.id = $2 AND u.deleted_at IS NULL AND NOT u.probe)
ORDER BY r.id

-- name: lock_rules
-- Nobody else grants anything by rules $1, nor of their partners, meanwhile. All lock partners first, and by id.
WITH partners AS MATERIALIZED (
    SELECT p.id FROM places.partners p
    WHERE p.id IN (SELECT r.partner_id FROM places.reward_rules r WHERE r.id = ANY ($1::uuid[]))
    ORDER BY p.id FOR NO KEY UPDATE
)
SELECT r.id FROM places.reward_rules r
WHERE r.id = ANY ($1::uuid[]) AND (SELECT count(*) FROM partners) >= 0
ORDER BY r.id FOR NO KEY UPDATE

-- name: grant
-- Reward $1 of rule $2 to user $3 for occasion $4, at $5, with entry $6. No row: they have it, or nothing is left of a budget.
-- Rule and partner are locked.
WITH rule AS (
    SELECT r.* FROM places.reward_rules r LEFT JOIN places.partners p ON p.id = r.partner_id
    WHERE r.id = $2 AND r.active AND (r.budget IS NULL OR r.granted < r.budget)
        AND (p.id IS NULL OR p.active AND (p.budget IS NULL OR p.granted < p.budget))
), r AS (
    INSERT INTO places.rewards (id, user_id, rule_id, occasion, partner_id, type, title, description, earned_at, expires_at)
    SELECT $1, $3, rule.id, $4, rule.partner_id, rule.type, rule.title, rule.description, $5,
        $5::timestamptz + rule.valid_days * interval '24 hours'
    FROM rule
    ON CONFLICT (rule_id, user_id, occasion) WHERE replaces IS NULL DO NOTHING
    RETURNING *
), entry AS (
    INSERT INTO places.reward_ledger (id, reward_id, kind, at, partner_id) SELECT $6, r.id, 'granted', $5, r.partner_id FROM r
), of_rule AS (
    UPDATE places.reward_rules rule SET granted = granted + 1 FROM r WHERE rule.id = r.rule_id
), of_partner AS (
    UPDATE places.partners partner SET granted = granted + 1 FROM r WHERE partner.id = r.partner_id
)
SELECT r.id, r.type, r.title, r.description, r.earned_at, r.expires_at, r.redeemed_at, r.partner_id, p.name AS partner_name,
    'open' AS state
FROM r LEFT JOIN places.partners p ON p.id = r.partner_id

-- name: expire
-- Note of up to $2 rewards that they have expired by $1. A row for each.
WITH over AS (
    SELECT r.id FROM places.rewards r
    WHERE r.expires_at <= $1 AND r.redeemed_at IS NULL AND r.expired_at IS NULL
    ORDER BY r.expires_at LIMIT $2 FOR UPDATE SKIP LOCKED
), r AS (
    UPDATE places.rewards r SET expired_at = $1 FROM over WHERE r.id = over.id RETURNING r.id, r.partner_id, r.expires_at
)
INSERT INTO places.reward_ledger (id, reward_id, kind, at, partner_id)
SELECT gen_random_uuid(), r.id, 'expired', r.expires_at, r.partner_id FROM r
RETURNING id
