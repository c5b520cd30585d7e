-- What users hold dear.

-- own: lock
-- One at a time may replace the values of this user.
SELECT FROM identity.profiles WHERE user_id = $1 FOR NO KEY UPDATE

-- own: replace
-- User $1 has the values with keys $2, categories $3, names $4 and strengths $5, place by place, and no others.
WITH gone AS (
    DELETE FROM identity.user_values WHERE user_id = $1 AND key <> ALL ($2::text[])
)
INSERT INTO identity.user_values (user_id, key, category, value_name, strength, place)
SELECT $1, * FROM unnest($2::text[], $3::text[], $4::text[], $5::integer[]) WITH ORDINALITY
ON CONFLICT (user_id, key) DO UPDATE
SET category = excluded.category, value_name = excluded.value_name, strength = excluded.strength, place = excluded.place

-- own: of
-- The values of user $1, in the order in which they were put.
SELECT category, value_name, strength FROM identity.user_values WHERE user_id = $1 ORDER BY place
