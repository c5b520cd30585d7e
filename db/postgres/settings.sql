-- What users have set for themselves.

-- own: of
-- The settings of user $1. No row: nothing was ever set.
SELECT * FROM identity.settings WHERE user_id = $1

-- own: change
-- Set what patch $2 (a JSON object by column, those of `privacy` in an object of their own) says for user $1; what it does not name
-- stays, null clears. All that is set then.
INSERT INTO identity.settings AS own (
    user_id, theme, language, time_zone, relay_only, show_age, show_city, show_country, show_last_seen, find_by_search,
    find_by_phone, hide_from_contacts, read_receipts, direct_calls, match_by_places, notifications
)
SELECT $1, new.theme, new.language, new.time_zone, new.relay_only, new.show_age, new.show_city, new.show_country,
    new.show_last_seen, new.find_by_search, new.find_by_phone, new.hide_from_contacts, new.read_receipts, new.direct_calls,
    new.match_by_places, identity.merged_settings(NULL, $2::jsonb -> 'notifications')
FROM jsonb_populate_record(NULL::identity.settings, $2::jsonb || coalesce($2::jsonb -> 'privacy', '{}')) new
ON CONFLICT (user_id) DO UPDATE SET (
    theme, language, time_zone, relay_only, show_age, show_city, show_country, show_last_seen, find_by_search,
    find_by_phone, hide_from_contacts, read_receipts, direct_calls, match_by_places, notifications
) = (
    SELECT new.theme, new.language, new.time_zone, new.relay_only, new.show_age, new.show_city, new.show_country,
        new.show_last_seen, new.find_by_search, new.find_by_phone, new.hide_from_contacts, new.read_receipts, new.direct_calls,
        new.match_by_places, identity.merged_settings(own.notifications, $2::jsonb -> 'notifications')
    FROM jsonb_populate_record(own, $2::jsonb || coalesce($2::jsonb -> 'privacy', '{}')) new
)
RETURNING own.*

-- name: hide_last_seen
-- Those of users $1 who show nobody when they were last here.
SELECT s.user_id FROM identity.settings s WHERE s.user_id = ANY ($1::uuid[]) AND s.show_last_seen IS FALSE

-- name: relay_only
-- Those of users $1 who want to be reached through relays only.
SELECT s.user_id FROM identity.settings s WHERE s.user_id = ANY ($1::uuid[]) AND s.relay_only
