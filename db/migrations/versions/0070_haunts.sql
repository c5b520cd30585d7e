-- Who wants to be matched with those who go to the same places. Null: they have said nothing, and do not.
ALTER TABLE identity.settings ADD COLUMN match_by_places boolean;

-- With that wish, which joins go by.
CREATE OR REPLACE VIEW identity.cards AS
SELECT p.user_id, p.display_name, p.birth_date, p.gender, p.intent, p.languages,
    CASE WHEN coalesce(own.show_country, true) THEN p.country END AS country,
    CASE WHEN coalesce(own.show_city, true) THEN p.city END AS city,
    p.bio, p.photos ->> 0 AS photo_url, (
        SELECT shown.id FROM social.profile_media shown
        WHERE shown.user_id = p.user_id AND shown.type = 'image' AND shown.state = 'ready'
        ORDER BY shown.place LIMIT 1
    ) AS photo_id,
    coalesce(own.show_age, true) AS show_age, p.country AS own_country, coalesce(own.relay_only, false) AS relay_only,
    coalesce(own.match_by_places, false) AS match_by_places
FROM identity.profiles p
LEFT JOIN LATERAL (
    SELECT s.show_age, s.show_city, s.show_country, s.relay_only, s.match_by_places FROM identity.settings s
    WHERE s.user_id = p.user_id OFFSET 0
) own ON true;

-- It is a function of plpgsql, so that a join of people who do not want it does not make itself ready to look into all the parts.
CREATE FUNCTION places.haunts(visitor uuid, since date, most integer) RETURNS uuid[] LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN ARRAY(
        SELECT c.location_id FROM places.check_ins c
        WHERE c.user_id = visitor AND c.local_day >= since AND c.counts
        GROUP BY c.location_id
        ORDER BY count(*) DESC, max(c.local_day) DESC, c.location_id LIMIT most
    );
END $$;
COMMENT ON FUNCTION places.haunts IS 'Where somebody has checked in so that it counts, from that day on: where most often first.';
