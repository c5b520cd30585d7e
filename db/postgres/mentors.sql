-- Mentors. Times are passed as timestamptz; points are (longitude, latitude).

-- name: columns
-- What is shown of mentor `m`, whose place is `l`.
m.id, m.title, m.specialization, m.bio AS own_bio, m.verified, m.available, m.schedule_type, m.schedule, m.session_m, m.location_id,
m.rating_sum, m.review_count, m.total_sessions, card.*, false AS hidden

-- name: shown
-- A condition: mentor `m` is shown to user $1, who is staff where $3: nobody else sees one who is not verified.
(m.verified OR m.user_id = $1 OR $3)

-- name: newest
-- Up to $5 mentors as user $1 may see them at $2, with ids below $4 (null: any), newest first: of specialization $6, in small letters,
-- and with sessions of type $7 (nulls: any).
SELECT :columns, NULL::double precision AS distance
FROM (
    SELECT m.* FROM places.mentors m
    WHERE :shown AND m.id < coalesce($4::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
        AND ($6::text IS NULL OR EXISTS (SELECT FROM unnest(m.specialization) AS own WHERE lower(own) = $6))
        AND ($7::text IS NULL OR m.schedule_type IN ($7, 'both'))
        AND (SELECT true FROM identity.visible_to($1, $2) seen WHERE seen.user_id = m.user_id)
    ORDER BY m.id DESC LIMIT $5
) m
JOIN identity.cards card ON card.user_id = m.user_id
ORDER BY m.id DESC

-- name: near
-- The same of those who have a place, by how far it is from longitude $8, latitude $9: after the one at $10 metres with id $4. How far
-- each is has to be known of all; whether they may be seen is asked as they come, and so of few.
WITH ranked AS MATERIALIZED (
    SELECT m.id, m.user_id, l.distance
    FROM places.mentors m
    JOIN LATERAL (
        SELECT places.distance_m(at.position, point($8, $9)) AS distance
        FROM places.locations at WHERE at.id = m.location_id AND at.active
    ) l ON true
    WHERE :shown AND (l.distance, m.id) > ($10::double precision, $4::uuid)
        AND ($6::text IS NULL OR EXISTS (SELECT FROM unnest(m.specialization) AS own WHERE lower(own) = $6))
        AND ($7::text IS NULL OR m.schedule_type IN ($7, 'both'))
    ORDER BY l.distance, m.id
), nearest AS MATERIALIZED (
    SELECT r.id, r.distance FROM ranked r
    WHERE (SELECT true FROM identity.visible_to($1, $2) seen WHERE seen.user_id = r.user_id)
    LIMIT $5
)
SELECT :columns, n.distance
FROM nearest n
JOIN places.mentors m ON m.id = n.id
JOIN identity.cards card ON card.user_id = m.user_id
ORDER BY n.distance, m.id

-- name: one
-- Mentor $4 as user $1 may see them at $2.
SELECT :columns, NULL::double precision AS distance
FROM places.mentors m
JOIN identity.visible_to($1, $2) seen ON seen.user_id = m.user_id
JOIN identity.cards card ON card.user_id = m.user_id
WHERE m.id = $4 AND :shown

-- name: of_admin
-- Mentor $1 as admins see them, whatever stands between.
SELECT :columns, NULL::double precision AS distance
FROM places.mentors m JOIN identity.cards card ON card.user_id = m.user_id
WHERE m.id = $1

-- name: taken
-- When one of users $1 has a session that overlaps the time from $2 to $3.
SELECT s.starts_at, s.ends_at FROM places.mentor_sessions s
WHERE s.status <> 'cancelled' AND tstzrange(s.starts_at, s.ends_at) && tstzrange($2, $3)
    AND (s.user_id = ANY ($1::uuid[]) OR s.mentor_user_id = ANY ($1::uuid[]))

-- name: may_be
-- Whether user $1 may be made a mentor at $2: they are there.
SELECT EXISTS (SELECT FROM identity.visible_to(NULL, $2) seen WHERE seen.user_id = $1)

-- name: place
-- Whether there is a place $1.
SELECT EXISTS (SELECT FROM places.locations l WHERE l.id = $1 AND l.active)

-- name: create
-- User $2 is mentor $1 from $12 on. No row: they are one.
INSERT INTO places.mentors (
    id, user_id, title, specialization, bio, verified, available, schedule_type, schedule, session_m, location_id, created_at,
    updated_at
)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12)
ON CONFLICT (user_id) DO NOTHING
RETURNING id

-- name: change
-- Set what patch $2 (a JSON object by column) says of mentor $1 at $3; what it does not name stays. Gives who it is. No row: nobody.
UPDATE places.mentors m
SET (title, specialization, bio, verified, available, schedule_type, schedule, session_m, location_id, updated_at) = (
    SELECT new.title, new.specialization, new.bio, new.verified, new.available, new.schedule_type, new.schedule, new.session_m,
        new.location_id, $3::timestamptz
    FROM jsonb_populate_record(m, $2) new
)
WHERE m.id = $1
RETURNING m.user_id
