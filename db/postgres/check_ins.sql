-- Check-ins. Times are passed as timestamptz, days as dates.

-- name: place
-- Where place $1 is, and what the clocks of user $2 and of the place say. No row: there is no such place, or it is not shown.
SELECT l.id, l.type, l.position[1] AS lat, l.position[0] AS lon, l.radius_m, l.code_version, l.hours ->> 'zone' AS zone, own.time_zone
FROM places.locations l
LEFT JOIN identity.settings own ON own.user_id = $2
WHERE l.id = $1 AND l.active

-- name: around
-- What counts of user $1 from $3 to $4, or on day $2, and where that was. Days are never further from a time than zones are apart.
SELECT c.location_id, c.local_day, c.at, l.position[1] AS lat, l.position[0] AS lon, l.radius_m
FROM places.check_ins c
JOIN places.locations l ON l.id = c.location_id
WHERE c.user_id = $1 AND c.local_day BETWEEN $2::date - 3 AND $2::date + 3 AND c.counts
    AND (c.local_day = $2 OR c.at BETWEEN $3 AND $4)

-- name: begin
-- User $1, who checks in at place $2, is locked; and the place. Nulls: there is no such account, or place.
WITH locked AS (
    SELECT u.id FROM identity.users u WHERE u.id = $1 FOR NO KEY UPDATE
)
SELECT locked.id AS locked, place.*
FROM (SELECT) asked LEFT JOIN locked ON true LEFT JOIN (:place) place ON true

-- name: begin_once
-- The same after its key was claimed ($1 to $5), for user $6 at place $7, and what that stands for. Nobody is locked for an answer
-- that there is.
WITH claimed AS (
    :claim
), locked AS (
    SELECT u.id FROM identity.users u
    WHERE u.id = $6 AND (SELECT claimed.answer IS NULL AND claimed.digest = $4 FROM claimed)
    FOR NO KEY UPDATE
)
SELECT claimed.digest, claimed.answer, locked.id AS locked, place.*
FROM claimed LEFT JOIN locked ON true LEFT JOIN (:place) place ON true

-- name: held
-- The journey of user $1, who is locked; what counts of them around times $3 to $4 and on day $2; and the rules of kinds $5 that
-- grant them something still. No row: there is no such account any more.
SELECT held.*,
    (SELECT jsonb_agg(to_jsonb(other)) FROM (:around) other) AS around,
    (SELECT jsonb_agg(to_jsonb(rule) ORDER BY rule.id) FROM (:rules) rule) AS rules
FROM (:held) held

-- name: moved
-- A part of `write`: what it comes to.
, moved AS (
    :journey
)

-- name: kept
-- A part of `write`: what is answered.
, kept AS (
    :keep
)

-- name: write
-- Check-in $1 of user $2 at place $3 of type $4 is on record, and counted in the place if it counts; a review there says that its
-- author has been there.
WITH written AS (
    INSERT INTO places.check_ins
        (id, user_id, location_id, location_type, local_day, zone, at, created_at, verified_by, reason, counts, mood, note)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10::text IS NULL, $11, $12)
    RETURNING counts, verified_by
), counted AS (
    UPDATE places.locations l SET check_in_count = check_in_count + 1 FROM written WHERE l.id = $3 AND written.counts
):more
UPDATE places.reviews r SET verified_visit = true FROM written
WHERE r.user_id = $2 AND r.location_id = $3 AND NOT r.verified_visit AND written.verified_by IS NOT NULL

-- own: page
-- Up to $9 check-ins of user $1 on days from $2 to $3, and at times from $4 to $5 (nulls: any), of the latest day first: before the
-- one of day $6, time $7 and id $8 (nulls: from the latest).
SELECT c.id, c.location_id, c.local_day, c.zone, c.at, c.created_at, c.verified_by, c.reason, c.counts, c.mood, c.note, c.flagged_at
FROM places.check_ins c
WHERE c.user_id = $1 AND c.local_day >= coalesce($2::date, '-infinity') AND c.local_day <= least($3::date, $6::date, 'infinity')
    AND ($4::timestamptz IS NULL OR c.at >= $4) AND ($5::timestamptz IS NULL OR c.at <= $5)
    AND (c.local_day, c.at, c.id) < (
        coalesce($6::date, 'infinity'), coalesce($7::timestamptz, 'infinity'),
        coalesce($8::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
    )
ORDER BY c.local_day DESC, c.at DESC, c.id DESC LIMIT $9

-- name: code_version
-- Which version the codes of place $1 have. No row: there is no such place.
SELECT l.code_version FROM places.locations l WHERE l.id = $1

-- name: zone
-- Of the clock of place $1. No row: there is no such place.
SELECT l.hours ->> 'zone' AS zone FROM places.locations l WHERE l.id = $1

-- name: visits
-- Up to $7 check-ins that count at place $1 on days from $2 to $3, and at times from $4 on, the latest first: before the one of time $5
-- and id $6 (nulls: from the latest).
SELECT c.id, c.at, c.verified_by FROM places.check_ins c
WHERE c.location_id = $1 AND c.local_day BETWEEN $2 AND $3 AND c.counts AND c.at >= $4
    AND (c.at, c.id) < (
        coalesce($5::timestamptz, 'infinity'), coalesce($6::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
    )
ORDER BY c.at DESC, c.id DESC LIMIT $7

-- name: is_admin
-- Whether user $1 is an admin.
SELECT EXISTS (SELECT FROM identity.users u WHERE u.id = $1 AND u.role = 'admin')

-- name: whose
-- Check-in $1, which was made from day $2 to day $3: whose it is, and where it was. No row: there is none.
SELECT c.user_id, c.location_id FROM places.check_ins c WHERE c.id = $1 AND c.local_day BETWEEN $2 AND $3

-- name: flag
-- Check-in $1 of user $5, which was made from day $2 to day $3, is not true, as $6 says at $4 because of $7. Whether it counted until
-- then; no row: it was flagged before. The place and a review there follow.
WITH before AS (
    SELECT c.id, c.local_day, c.counts FROM places.check_ins c
    WHERE c.id = $1 AND c.local_day BETWEEN $2 AND $3 AND c.user_id = $5 AND c.flagged_at IS NULL
    FOR UPDATE
), flagged AS (
    UPDATE places.check_ins c SET flagged_at = $4, flagged_by = $6, flag_reason = $7, counts = false
    FROM before WHERE c.id = before.id AND c.local_day = before.local_day
    RETURNING c.location_id
), counted AS (
    UPDATE places.locations l SET check_in_count = check_in_count - 1
    FROM before, flagged WHERE l.id = flagged.location_id AND before.counts
)
SELECT before.counts, flagged.location_id FROM before, flagged

-- name: visited_no_more
-- A review of place $2 by user $1 says whether they have been there.
UPDATE places.reviews r SET verified_visit = places.has_been_at($1, $2)
WHERE r.user_id = $1 AND r.location_id = $2 AND r.verified_visit

-- name: keep_quarters
-- Make the parts of the quarter of day $1 and of the two after it.
SELECT places.make_quarter((date_trunc('quarter', $1::date::timestamp) + n * interval '3 months')::date) AS made
FROM generate_series(0, 2) AS n

-- name: drop_quarters
-- Drop the parts of quarters that were over by day $1.
SELECT places.drop_quarters($1)
