-- Who wants to be reached through relays only. Null: they have said nothing, and it is as the operator has set it.
ALTER TABLE identity.settings ADD COLUMN relay_only boolean;

-- With that wish, which tickets and calls take along.
CREATE OR REPLACE VIEW identity.cards AS
SELECT p.user_id, p.display_name, p.birth_date, p.gender, p.intent, p.languages,
    CASE WHEN coalesce(own.show_country, true) THEN p.country END AS country,
    CASE WHEN coalesce(own.show_city, true) THEN p.city END AS city,
    p.bio, p.photos ->> 0 AS photo_url, (
        SELECT shown.id FROM social.profile_media shown
        WHERE shown.user_id = p.user_id AND shown.type = 'image' AND shown.state = 'ready'
        ORDER BY shown.place LIMIT 1
    ) AS photo_id,
    coalesce(own.show_age, true) AS show_age, p.country AS own_country, coalesce(own.relay_only, false) AS relay_only
FROM identity.profiles p
LEFT JOIN LATERAL (
    SELECT s.show_age, s.show_city, s.show_country, s.relay_only FROM identity.settings s
    WHERE s.user_id = p.user_id OFFSET 0
) own ON true;
