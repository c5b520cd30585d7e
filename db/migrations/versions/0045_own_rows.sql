-- Row-level security. A transaction that takes the role `app_user` for a user sees, and changes, what is theirs and nothing else,
-- whatever its statements forget to ask for. All others run as the owner, as before; nodes of the version before know nothing of it.

-- The role is the server's, not the database's, so the migration of another database may have made it.
DO $$
DECLARE
    granted text := CASE WHEN current_setting('server_version_num')::int >= 160000 THEN 'SET' ELSE 'MEMBER' END;
BEGIN
    IF to_regrole('app_user') IS NULL THEN
        BEGIN
            CREATE ROLE app_user NOLOGIN;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL;  -- just now
        END;
    END IF;
    IF NOT pg_has_role(to_regrole('app_user')::oid, granted) THEN
        EXECUTE format('GRANT app_user TO %I', current_user);
    END IF;
EXCEPTION WHEN insufficient_privilege THEN
    RAISE SQLSTATE 'RC001' USING MESSAGE = format(
        'PostgreSQL needs the role app_user, and %1$s may not make it. Nothing has been changed. Have an administrator of the '
        'server run these two statements, without the first if the role is there, and start again: '
        'CREATE ROLE app_user NOLOGIN; GRANT app_user TO %1$I;',
        current_user
    );
END $$;

-- All tables at once or none, so that nobody who has one of them waits for another one meanwhile.
DO $$
BEGIN
    FOR attempt IN 1 .. 500 LOOP
        BEGIN
            LOCK TABLE identity.users, identity.profiles, identity.settings, identity.former_usernames, identity.user_values,
                identity.consents, identity.activity, identity.logins, identity.devices, identity.sessions,
                identity.refresh_tokens, identity.one_time_codes, identity.totp, identity.exports, identity.erasures,
                social.media, social.notifications, social.notification_lanes, social.notification_outbox, social.contacts,
                communication.messages, communication.members IN ACCESS EXCLUSIVE MODE NOWAIT;
            RETURN;
        EXCEPTION WHEN lock_not_available THEN
            PERFORM pg_sleep(0.02);
        END;
    END LOOP;
END $$;

CREATE FUNCTION identity.me() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
RETURN nullif(current_setting('app.user_id', true), '')::uuid;
COMMENT ON FUNCTION identity.me IS 'Whose rows are seen by whoever has taken the role app_user; null: nobody''s.';

-- FORCE holds for the owner too, so a policy lets the owner through. It is for whoever owns the database, by which name ever, so that
-- a dump can be restored by somebody else. Where tables are not the database's owner's, it names theirs as well.
CREATE PROCEDURE identity.guard_rows(guarded regclass, own text) LANGUAGE plpgsql AS $$
DECLARE
    owners text := 'pg_database_owner';
BEGIN
    IF NOT pg_has_role('pg_database_owner', 'USAGE') THEN
        owners := format('%s, %I', owners, current_user);
    END IF;
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', guarded);
    EXECUTE format('CREATE POLICY owners ON %s TO %s USING (true)', guarded, owners);
    EXECUTE format('CREATE POLICY own ON %s TO app_user USING (%s)', guarded, own);
END $$;
COMMENT ON PROCEDURE identity.guard_rows IS
'From now on app_user sees rows of this table alone of which `own` is true, a condition on identity.me(). What it may do with them is
granted apart. The table is named in db/postgres/own_rows.py too.';

CALL identity.guard_rows('identity.users', 'id = identity.me()');
CALL identity.guard_rows('identity.profiles', 'user_id = identity.me()');
CALL identity.guard_rows('identity.settings', 'user_id = identity.me()');
CALL identity.guard_rows('identity.former_usernames', 'user_id = identity.me()');
CALL identity.guard_rows('identity.user_values', 'user_id = identity.me()');
CALL identity.guard_rows('identity.consents', 'user_id = identity.me()');
CALL identity.guard_rows('identity.activity', 'user_id = identity.me()');
CALL identity.guard_rows('identity.logins', 'user_id = identity.me()');
CALL identity.guard_rows('identity.devices', 'user_id = identity.me()');
CALL identity.guard_rows('identity.sessions', 'user_id = identity.me()');
CALL identity.guard_rows(
    'identity.refresh_tokens',
    'EXISTS (SELECT FROM identity.sessions s WHERE s.id = session_id AND s.user_id = identity.me())'
);
CALL identity.guard_rows('identity.one_time_codes', 'user_id = identity.me()');
CALL identity.guard_rows('identity.totp', 'user_id = identity.me()');
CALL identity.guard_rows('identity.exports', 'user_id = identity.me()');
CALL identity.guard_rows('identity.erasures', 'user_id = identity.me()');
CALL identity.guard_rows('social.media', 'owner_id = identity.me()');
CALL identity.guard_rows('social.notifications', 'user_id = identity.me()');
CALL identity.guard_rows('social.notification_lanes', 'user_id = identity.me()');
CALL identity.guard_rows('social.notification_outbox', 'lane = identity.me()');
CALL identity.guard_rows('social.contacts', 'owner_id = identity.me()');
CALL identity.guard_rows('communication.members', 'user_id = identity.me()');
CALL identity.guard_rows(
    'communication.messages',
    'EXISTS (SELECT FROM communication.members m WHERE m.room_id = messages.room_id AND m.user_id = identity.me()'
    ' AND m.left_at IS NULL AND m.joined_seq < messages.seq)'
);

-- What own-data statements do, and no more: no secrets, no role, no tier, no notes of moderators.
GRANT USAGE ON SCHEMA identity, social, communication TO app_user;
GRANT SELECT (id, email, username, role, created_at, updated_at, deleted_at, verified_at, email_verified_at)
    ON identity.users TO app_user;
GRANT SELECT, UPDATE (updated_at) ON identity.profiles TO app_user;
GRANT SELECT, INSERT, UPDATE ON identity.settings TO app_user;
GRANT SELECT, INSERT, UPDATE, DELETE ON identity.user_values TO app_user;
GRANT SELECT, INSERT ON identity.consents TO app_user;
GRANT SELECT (id, user_id, provider, hint, created_at) ON identity.logins TO app_user;
GRANT SELECT (user_id, device_id), DELETE ON identity.devices TO app_user;
GRANT SELECT, UPDATE (revoked_at, revoked_reason, expires_at) ON identity.sessions TO app_user;
GRANT SELECT ON identity.exports, identity.erasures TO app_user;
GRANT SELECT (
    id, owner_id, purpose, type, state, size, width, height, key, key_id, reason, stored, content_type, renditions, hash, blurhash,
    duration_ms
) ON social.media TO app_user;
GRANT SELECT, UPDATE (read_at, delivered_at) ON social.notifications TO app_user;
GRANT SELECT, INSERT (user_id), UPDATE (last_news) ON social.notification_lanes TO app_user;
GRANT SELECT (number), INSERT ON social.notification_outbox TO app_user;
GRANT SELECT (owner_id, mark), DELETE ON social.contacts TO app_user;
GRANT SELECT ON communication.members, communication.messages TO app_user;

-- The one thing of others that such a statement is told.
CREATE FUNCTION identity.name_shown_to_me(other uuid, at timestamptz) RETURNS text LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
AS $$
BEGIN
    RETURN (
        SELECT p.display_name FROM identity.visible_to(identity.me(), at) seen
        JOIN identity.profiles p ON p.user_id = seen.user_id
        WHERE seen.user_id = other
    );
END $$;
COMMENT ON FUNCTION identity.name_shown_to_me IS
'The name of somebody whom the user for whom app_user acts may see at this time; null: they may not, or there is no such user.';

-- What follows from a change of one's own, in tables that are nobody's to change.
ALTER FUNCTION social.name_has_changed() SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION identity.forget_devices() SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
