-- Places: where people go, found near a point and by words.
CREATE SCHEMA places;

-- The same as `core/geography.py` has it.
CREATE FUNCTION places.distance_m(one point, other point) RETURNS double precision
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT 2 * 6371008.8 * asin(least(1.0, sqrt(
        sin(radians(other[1] - one[1]) / 2) ^ 2
        + cos(radians(one[1])) * cos(radians(other[1])) * sin(radians(other[0] - one[0]) / 2) ^ 2
    )))
$$;
COMMENT ON FUNCTION places.distance_m IS 'Metres between two points (longitude, latitude) along the surface of a sphere.';

CREATE FUNCTION places.words(given text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT trim(regexp_replace(
        replace(lower(regexp_replace(normalize(given, NFKD), '[\u0300-\u036f]', '', 'g')), 'ß', 'ss'),
        '[^[:alnum:]]+', ' ', 'g'
    ))
$$;
COMMENT ON FUNCTION places.words IS 'Words as they are looked for: in small letters, without accents, one blank between two.';

-- There is no extension that has this, in a server that has none but pgvector.
CREATE FUNCTION places.trigrams(words text) RETURNS text[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT coalesce(array_agg(DISTINCT substr('  ' || word, n, 3)), '{}')
    FROM unnest(string_to_array(words, ' ')) AS word, generate_series(1, length(word)) AS n
$$;
COMMENT ON FUNCTION places.trigrams IS 'All that is three letters long in these words; each begins with two blanks.';

CREATE FUNCTION places.asked_trigrams(words text) RETURNS text[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT coalesce(array_agg(DISTINCT substr(part, n, 3)), '{}')
    FROM unnest(string_to_array(words, ' ')) AS word,
        LATERAL (SELECT CASE WHEN length(word) < 3 THEN right('  ' || word, 3) ELSE word END) AS parts (part),
        generate_series(1, length(part) - 2) AS n
$$;
COMMENT ON FUNCTION places.asked_trigrams IS
'The trigrams that words have which hold all of these: those of one or two letters as a beginning, others anywhere.';

CREATE FUNCTION places.asked_patterns(words text) RETURNS text[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT coalesce(array_agg(CASE WHEN length(word) < 3 THEN '% ' ELSE '%' END || word || '%'), '{}')
    FROM unnest(string_to_array(words, ' ')) AS word
$$;
COMMENT ON FUNCTION places.asked_patterns IS 'The same as patterns of LIKE for words with a blank before them, to be sure.';

-- What changes often (counts) is in no index, and has room beside it.
CREATE TABLE places.locations (
    id uuid PRIMARY KEY,
    name text NOT NULL CHECK (name <> ''),
    type text NOT NULL CHECK (type IN ('coffee', 'gym', 'mentor', 'nutrition', 'partner')),
    address text NOT NULL,
    city text NOT NULL,
    country text NOT NULL CHECK (country ~ '^[A-Z]{2}$'),
    position point NOT NULL CHECK (position[0] BETWEEN -180 AND 180 AND position[1] BETWEEN -90 AND 90),
    radius_m integer NOT NULL DEFAULT 100 CHECK (radius_m BETWEEN 10 AND 10000),
    hours jsonb,
    description text,
    amenities text[] NOT NULL DEFAULT '{}',
    anxiety_level text CHECK (anxiety_level IN ('low', 'medium', 'high')),
    contact jsonb NOT NULL DEFAULT '{}',
    media_ids uuid[] NOT NULL DEFAULT '{}',
    verified boolean NOT NULL DEFAULT false,
    beginner_friendly boolean NOT NULL DEFAULT false,
    has_qr_reward boolean NOT NULL DEFAULT false,
    code_version integer NOT NULL DEFAULT 1,
    partner_id uuid,
    active boolean NOT NULL DEFAULT true,
    rating_sum integer NOT NULL DEFAULT 0,
    review_count integer NOT NULL DEFAULT 0,
    check_in_count integer NOT NULL DEFAULT 0 CHECK (check_in_count >= 0),
    source text,
    source_id text,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    words text NOT NULL GENERATED ALWAYS AS (places.words(name || ' ' || address || ' ' || city)) STORED,
    trigrams text[] NOT NULL GENERATED ALWAYS AS
        (places.trigrams(places.words(name || ' ' || address || ' ' || city))) STORED,
    CONSTRAINT rated_from_one_to_five CHECK (rating_sum BETWEEN review_count AND review_count * 5),
    CONSTRAINT source_with_its_id CHECK ((source IS NULL) = (source_id IS NULL)),
    CONSTRAINT one_place_a_source UNIQUE (source, source_id)
) WITH (fillfactor = 80);
COMMENT ON COLUMN places.locations.position IS 'Longitude, latitude.';
COMMENT ON COLUMN places.locations.code_version IS 'Of the code that is shown there; another one voids what was copied.';
COMMENT ON COLUMN places.locations.source IS 'Where it was imported from, and its id there.';

CREATE INDEX places_near ON places.locations USING gist (position) WHERE active;
-- Written now and then, and read all the time: nothing waits to be put in its place.
CREATE INDEX places_by_words ON places.locations USING gin (trigrams) WITH (fastupdate = off) WHERE active;
CREATE INDEX places_of_a_type ON places.locations (type, id) WHERE active;
