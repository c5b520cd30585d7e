-- Partners, their places, staff and figures. Times are passed as timestamptz.

-- name: columns
-- What admins are shown of partner `p`.
p.id, p.name, p.type, p.partnership_level, p.description, p.contact, p.active, p.budget, p.granted, p.created_at, p.updated_at,
    ARRAY(SELECT l.id::text FROM places.locations l WHERE l.partner_id = p.id ORDER BY l.id) AS location_ids,
    ARRAY(SELECT s.user_id::text FROM places.partner_staff s WHERE s.partner_id = p.id ORDER BY s.since, s.user_id) AS staff_ids

-- name: page
-- Up to $2 partners with ids below $1 (null: any), newest first.
SELECT :columns FROM places.partners p
WHERE p.id < coalesce($1::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff') ORDER BY p.id DESC LIMIT $2

-- name: one
-- Partner $1.
SELECT :columns FROM places.partners p WHERE p.id = $1

-- name: lock
-- Nobody else changes partner $1, or grants anything of theirs, meanwhile.
SELECT p.granted FROM places.partners p WHERE p.id = $1 FOR NO KEY UPDATE

-- name: write
-- Partner $1 is as this says from $9 on, which makes it if there is none.
INSERT INTO places.partners (id, name, type, partnership_level, description, contact, budget, active, created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)
ON CONFLICT (id) DO UPDATE SET
    name = excluded.name, type = excluded.type, partnership_level = excluded.partnership_level,
    description = excluded.description, contact = excluded.contact, budget = excluded.budget, active = excluded.active,
    updated_at = excluded.updated_at

-- name: leave
-- Places of partner $1 that are not among $2 have none any more.
UPDATE places.locations SET partner_id = NULL WHERE partner_id = $1 AND id <> ALL ($2::uuid[])

-- name: take
-- Places $2 are those of partner $1. A row for each that is, and was of no other.
UPDATE places.locations SET partner_id = $1 WHERE id = ANY ($2::uuid[]) AND (partner_id IS NULL OR partner_id = $1) RETURNING id

-- name: missing
-- Which of places $1 there are not.
SELECT asked.id FROM unnest($1::uuid[]) AS asked (id) WHERE NOT EXISTS (SELECT FROM places.locations l WHERE l.id = asked.id)

-- name: hire
-- User $2, if there is one, works for partner $1, since $3 or before. A row: they do.
INSERT INTO places.partner_staff AS s (partner_id, user_id, since)
SELECT $1, u.id, $3 FROM identity.users u WHERE u.id = $2 AND u.deleted_at IS NULL AND NOT u.probe
ON CONFLICT (partner_id, user_id) DO UPDATE SET since = s.since
RETURNING user_id

-- name: dismiss
-- User $2 works for partner $1 no more. No row: they did not.
DELETE FROM places.partner_staff WHERE partner_id = $1 AND user_id = $2 RETURNING user_id

-- name: own
-- Partners for whom user $1 works, with their places.
SELECT p.id, p.name, (
    SELECT jsonb_agg(jsonb_build_object('id', l.id, 'name', l.name, 'address', l.address) ORDER BY l.name, l.id)
    FROM places.locations l WHERE l.partner_id = p.id AND l.active
) AS locations
FROM places.partner_staff s JOIN places.partners p ON p.id = s.partner_id AND p.active
WHERE s.user_id = $1
ORDER BY p.name, p.id

-- name: is_staff
-- Whether user $1 works at place $2.
SELECT places.is_staff_at($1, $2)

-- name: works_for
-- Whether user $1 works for partner $2.
SELECT EXISTS (
    SELECT FROM places.partner_staff s JOIN places.partners p ON p.id = s.partner_id AND p.active
    WHERE s.user_id = $1 AND s.partner_id = $2
)

-- name: figures
-- What became of rewards of partner $1 on days that begin at $2, the last of which is when the last day ends: a row for each on which
-- anything did, by its place from 1 on. The row without a place is of all. What is there again was not granted again.
SELECT width_bucket(e.at, $2::timestamptz[]) AS place,
    count(*) FILTER (WHERE e.kind = 'granted' AND r.replaces IS NULL) AS granted,
    count(*) FILTER (WHERE e.kind = 'redeemed') AS redeemed,
    count(*) FILTER (WHERE e.kind = 'reversed') AS reversed,
    count(*) FILTER (WHERE e.kind = 'expired') AS expired,
    count(DISTINCT r.user_id) FILTER (WHERE e.kind = 'redeemed') AS people
FROM places.reward_ledger e JOIN places.rewards r ON r.id = e.reward_id
WHERE e.partner_id = $1 AND e.at >= ($2::timestamptz[])[1] AND e.at < ($2::timestamptz[])[cardinality($2::timestamptz[])]
GROUP BY GROUPING SETS ((width_bucket(e.at, $2::timestamptz[])), ())
