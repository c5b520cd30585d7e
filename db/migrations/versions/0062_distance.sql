-- A STRICT function that may give something for a null is never made part of a statement: `least` passes over nulls. Places have positions.
CREATE OR REPLACE FUNCTION places.distance_m(one point, other point) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT 2 * 6371008.8 * asin(least(1.0, sqrt(
        sin(radians(other[1] - one[1]) / 2) ^ 2
        + cos(radians(one[1])) * cos(radians(other[1])) * sin(radians(other[0] - one[0]) / 2) ^ 2
    )))
$$;
