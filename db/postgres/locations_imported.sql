-- Places that come from files. Times are passed as timestamptz.

-- name: take
-- Places $1 (JSON objects by column) of source $2 are so from $3 on. A row for each that was added or changed; what is as it was
-- is not written. Positions are kept as those of places that are written by hand.
INSERT INTO places.locations AS l (
    id, source, source_id, name, type, position, address, city, country, description, amenities, anxiety_level, hours, contact,
    verified, beginner_friendly, has_qr_reward, radius_m, created_at, updated_at
)
SELECT g.id, $2, g.source_id, g.name, g.type, point(round(g.lon::numeric, 9), round(g.lat::numeric, 9)), g.address, g.city, g.country, g.description, g.amenities,
    g.anxiety_level, g.hours, g.contact, g.verified, g.beginner_friendly, g.has_qr_reward, g.radius_m, $3, $3
FROM jsonb_to_recordset($1::jsonb) AS g (
    id uuid, source_id text, name text, type text, lat double precision, lon double precision, address text, city text,
    country text, description text, amenities text[], anxiety_level text, hours jsonb, contact jsonb, verified boolean,
    beginner_friendly boolean, has_qr_reward boolean, radius_m integer
)
ORDER BY g.source_id  -- two imports at once take turns
ON CONFLICT (source, source_id) DO UPDATE SET
    name = excluded.name, type = excluded.type, position = excluded.position, address = excluded.address, city = excluded.city,
    country = excluded.country, description = excluded.description, amenities = excluded.amenities,
    anxiety_level = excluded.anxiety_level, hours = excluded.hours, contact = excluded.contact, verified = excluded.verified,
    beginner_friendly = excluded.beginner_friendly, has_qr_reward = excluded.has_qr_reward, radius_m = excluded.radius_m,
    updated_at = excluded.updated_at
WHERE (
    l.name, l.type, l.position[0], l.position[1], l.address, l.city, l.country, l.description, l.amenities, l.anxiety_level,
    l.hours, l.contact, l.verified, l.beginner_friendly, l.has_qr_reward, l.radius_m
) IS DISTINCT FROM (
    excluded.name, excluded.type, excluded.position[0], excluded.position[1], excluded.address, excluded.city, excluded.country,
    excluded.description, excluded.amenities, excluded.anxiety_level, excluded.hours, excluded.contact, excluded.verified,
    excluded.beginner_friendly, excluded.has_qr_reward, excluded.radius_m
)
RETURNING xmax = 0 AS created
