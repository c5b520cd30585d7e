-- Rules by which people earn rewards. Times are passed as timestamptz.

-- name: page
-- Up to $2 rules with ids below $1 (null: any), newest first.
SELECT * FROM places.reward_rules r
WHERE r.id < coalesce($1::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff') ORDER BY r.id DESC LIMIT $2

-- name: locked
-- Rule $1, by which nobody grants anything meanwhile. Its partner is locked first, as whoever grants does.
WITH partner AS MATERIALIZED (
    SELECT p.id FROM places.partners p
    WHERE p.id = (SELECT r.partner_id FROM places.reward_rules r WHERE r.id = $1) FOR NO KEY UPDATE
)
SELECT r.* FROM places.reward_rules r WHERE r.id = $1 AND (SELECT count(*) FROM partner) >= 0 FOR NO KEY UPDATE

-- name: write
-- Rule $1 is as this says from $14 on, which makes it if there is none.
INSERT INTO places.reward_rules AS r (
    id, kind, every, at, reaches, milestone, type, title, description, partner_id, valid_days, budget, active, created_at, updated_at
)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14)
ON CONFLICT (id) DO UPDATE SET
    every = excluded.every, at = excluded.at, reaches = excluded.reaches, milestone = excluded.milestone, type = excluded.type,
    title = excluded.title, description = excluded.description, partner_id = excluded.partner_id,
    valid_days = excluded.valid_days, budget = excluded.budget, active = excluded.active, updated_at = excluded.updated_at
RETURNING r.*

-- name: budget_of_partner
-- How many rewards partner $1 still grants; null: any number. No row: there is no such partner.
SELECT p.budget - p.granted AS left FROM places.partners p WHERE p.id = $1

-- name: first_call
-- Who had a first call that was live since $1. $2 and $3 are of other kinds.
SELECT part.user_id, 1 AS rewards
FROM interaction.calls c
JOIN interaction.call_participants part ON part.call_id = c.id
WHERE c.live_at >= $1 AND c.origin <> 'echo' AND $2::int >= 1 AND $3::text IS NULL
    AND NOT EXISTS (
        SELECT FROM interaction.call_participants before
        JOIN interaction.calls old ON old.id = before.call_id AND old.live_at < c.live_at AND old.origin <> 'echo'
        WHERE before.user_id = part.user_id
    )

-- name: kept_connection
-- Whose $2th, and each $2th after that, of the people with whom they keep in touch came since $1. $3 is of other kinds.
SELECT met.user_id, count(*) AS rewards
FROM (
    SELECT one.user_id, one.since, row_number() OVER (PARTITION BY one.user_id ORDER BY one.since) AS nth
    FROM (
        SELECT side.user_id, min(side.created_at) AS since
        FROM (
            SELECT c.user_a AS user_id, c.user_b AS other, c.created_at FROM interaction.connections c
            UNION ALL
            SELECT c.user_b, c.user_a, c.created_at FROM interaction.connections c
        ) side
        GROUP BY side.user_id, side.other
    ) one
) met
WHERE met.nth % $2::int = 0 AND met.since >= $1 AND $3::text IS NULL
GROUP BY met.user_id

-- name: mentor_session
-- Whose $2th, and each $2th after that, of the sessions with mentors was completed since $1, on somebody's word. $3 is of other kinds.
SELECT s.user_id, count(*) AS rewards
FROM (
    SELECT s.user_id, s.decided_at, row_number() OVER (PARTITION BY s.user_id ORDER BY s.decided_at, s.id) AS nth
    FROM places.mentor_sessions s WHERE s.status = 'completed' AND s.decided_by IS NOT NULL
) s
WHERE s.nth % $2::int = 0 AND s.decided_at >= $1 AND $3::text IS NULL
GROUP BY s.user_id

-- name: check_in
-- Whose $2th, and each $2th after that, of the check-ins that count came since $1: at places of type $3 (null: any). Counted are
-- those that are on record still.
SELECT c.user_id, count(*) AS rewards
FROM (
    SELECT c.user_id, c.at, row_number() OVER (PARTITION BY c.user_id ORDER BY c.at, c.id) AS nth
    FROM places.check_ins c WHERE c.counts AND ($3::text IS NULL OR c.location_type = $3)
) c
WHERE c.nth % $2::int = 0 AND c.at >= $1
GROUP BY c.user_id

-- name: streak
-- Who was here since $1, and had a streak of $2 days by now. $3 is of other kinds.
SELECT j.user_id, 1 AS rewards FROM places.journeys j
WHERE j.longest_streak >= $2::int AND j.updated_at >= $1 AND $3::text IS NULL

-- name: level
-- Who was here since $1, and is at level $2 by now. $3 is of other kinds.
SELECT j.user_id, 1 AS rewards FROM places.journeys j WHERE j.level >= $2::int AND j.updated_at >= $1 AND $3::text IS NULL

-- name: milestone
-- Who has reached milestone $3 since $1. $2 is of other kinds.
SELECT j.user_id, 1 AS rewards FROM places.journeys j
WHERE (j.milestones ->> $3::text)::bigint >= extract(epoch FROM $1::timestamptz) * 1000 AND $2::int >= 1

-- name: preview
-- Of those who are reached, how many there are, with how many rewards, and the twenty with most.
WITH reached AS MATERIALIZED (
    SELECT r.user_id, r.rewards, p.display_name
    FROM (:reached) r
    JOIN identity.users u ON u.id = r.user_id AND u.deleted_at IS NULL AND NOT u.probe
    JOIN identity.profiles p ON p.user_id = r.user_id
)
SELECT count(*) AS users, coalesce(sum(r.rewards), 0)::bigint AS rewards, (
    SELECT jsonb_agg(most ORDER BY most.rewards DESC, most.user_id)
    FROM (SELECT * FROM reached ORDER BY rewards DESC, user_id LIMIT 20) most
) AS reached
FROM reached r
