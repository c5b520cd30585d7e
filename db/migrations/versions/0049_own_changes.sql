-- What more own-data statements do (0045_own_rows.sql): profiles, devices, ways to sign in and copies are changed by them.
GRANT UPDATE (updated_at) ON identity.users TO app_user;  -- to lock oneself
GRANT UPDATE (
    display_name, intent, languages, country, city, bio, seeking_genders, seeking_age_min, seeking_age_max, photo_ids, video_ids,
    study_focus, version
) ON identity.profiles TO app_user;
GRANT SELECT (used_at, expires_at), UPDATE (used_for, used_at, expires_at) ON social.media TO app_user;
GRANT DELETE ON identity.logins TO app_user;
GRANT SELECT, INSERT, UPDATE ON identity.devices TO app_user;
GRANT INSERT (id, user_id, key, asked_at), UPDATE (expires_at) ON identity.exports TO app_user;

-- A number that is nobody's any more is taken from those who have it among their contacts.
ALTER FUNCTION social.number_has_changed() SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
