-- Places. Times are passed as timestamptz; points are (longitude, latitude).

-- name: columns
-- What is shown of place `l`, with its pictures at $2.
l.id, l.name, l.type, l.position[1] AS lat, l.position[0] AS lon, l.address, l.city, l.country, l.description, l.amenities,
l.anxiety_level, l.hours::text AS hours, l.contact::text AS contact, l.verified, l.beginner_friendly, l.has_qr_reward, l.radius_m, l.active, l.rating_sum,
l.review_count, l.check_in_count, l.media_ids, (
    SELECT jsonb_agg(to_jsonb(m) ORDER BY shown.place)
    FROM unnest(l.media_ids) WITH ORDINALITY AS shown (id, place)
    JOIN social.media m ON m.id = shown.id AND m.stored AND m.state = 'ready' AND (m.expires_at IS NULL OR m.expires_at > $2)
) AS media

-- name: these
-- The places $1 that are shown, with pictures at $2; those that are not, too, where $3.
SELECT :columns FROM places.locations l WHERE l.id = ANY ($1::uuid[]) AND (l.active OR $3)

-- name: near
-- Up to $14 places within $11 metres of longitude $1, latitude $2, after the one at $12 metres with id $13, of type $15 (null:
-- any), nearest first. Boxes $3 to $6 and $7 to $10 (west, south, east, north) hold all that are so near.
SELECT l.id, l.hours::text AS hours, l.distance
FROM (
    SELECT l.id, l.hours, places.distance_m(l.position, point($1, $2)) AS distance
    FROM places.locations l
    WHERE l.active AND (l.position <@ box(point($3, $4), point($5, $6)) OR l.position <@ box(point($7, $8), point($9, $10)))
        AND ($15::text IS NULL OR l.type = $15) AND :wanted
) l
WHERE l.distance <= $11 AND (l.distance, l.id) > ($12::double precision, $13::uuid)
ORDER BY l.distance, l.id LIMIT $14

-- name: near_by_words
-- The same, looked for by its words first: as much is read as there are places with them, wherever.
WITH worded AS MATERIALIZED (
    SELECT l.id, l.hours, l.position FROM places.locations l
    WHERE l.active AND ($15::text IS NULL OR l.type = $15) AND :wanted
)
SELECT l.id, l.hours::text AS hours, l.distance
FROM (
    SELECT w.id, w.hours, places.distance_m(w.position, point($1, $2)) AS distance
    FROM worded w
    WHERE w.position <@ box(point($3, $4), point($5, $6)) OR w.position <@ box(point($7, $8), point($9, $10))
) l
WHERE l.distance <= $11 AND (l.distance, l.id) > ($12::double precision, $13::uuid)
ORDER BY l.distance, l.id LIMIT $14

-- name: newest
-- Up to $2 places with ids below $1 (null: any), of type $3 (null: any), newest first.
SELECT l.id, l.hours::text AS hours, NULL::double precision AS distance
FROM places.locations l
WHERE l.active AND l.id < coalesce($1::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff') AND ($3::text IS NULL OR l.type = $3)
    AND :wanted
ORDER BY l.id DESC LIMIT $2

-- name: worded
-- A condition: place `l` has all words, or parts of words, of :q.
l.trigrams @> (SELECT places.asked_trigrams(places.words(:q)))
    AND ' ' || l.words LIKE ALL ((SELECT places.asked_patterns(places.words(:q)))::text[])

-- name: lock
-- Nobody else changes place $1 meanwhile.
SELECT id FROM places.locations WHERE id = $1 FOR UPDATE

-- name: write
-- Place $1 is as this says from $18 on, which makes it if there is none. Its position is kept to a tenth of a millimetre: nearly nothing
-- of a degree cannot be reckoned with (`underflow`).
INSERT INTO places.locations (
    id, name, type, position, address, city, country, description, amenities, anxiety_level, hours, contact, verified,
    beginner_friendly, has_qr_reward, radius_m, active, created_at, updated_at, media_ids
)
VALUES ($1, $2, $3, point(round($4::float8::numeric, 9), round($5::float8::numeric, 9)), $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $19, $18, $18, $20)
ON CONFLICT (id) DO UPDATE SET
    name = excluded.name, type = excluded.type, position = excluded.position, address = excluded.address, city = excluded.city,
    country = excluded.country, description = excluded.description, amenities = excluded.amenities,
    anxiety_level = excluded.anxiety_level, hours = excluded.hours, contact = excluded.contact, verified = excluded.verified,
    beginner_friendly = excluded.beginner_friendly, has_qr_reward = excluded.has_qr_reward, radius_m = excluded.radius_m,
    active = excluded.active, updated_at = excluded.updated_at, media_ids = excluded.media_ids

-- name: show
-- From $4 on pictures $2 are shown for place $1, and stay. A row for each that $3 has uploaded for that, or that is shown already.
UPDATE social.media SET used_for = $1, used_at = coalesce(used_at, $4), expires_at = NULL
WHERE id = ANY ($2::uuid[]) AND purpose = 'place' AND type = 'image' AND stored AND state <> 'refused'
    AND (used_for = $1 OR (owner_id = $3 AND used_at IS NULL)) AND (expires_at IS NULL OR expires_at > $4)
RETURNING id

-- name: hide
-- Pictures $1, which were shown for place $2, are deleted at $3.
UPDATE social.media SET expires_at = $3 WHERE id = ANY ($1::uuid[]) AND used_for = $2 AND purpose = 'place' AND expires_at IS NULL
