-- Notifications: what concerns a user and is none of their own doing.

-- A part for each quarter, by the id, which has the time at which it was made and never changes; so an old one is dropped as a whole.
-- No foreign keys: to attach or drop a part would lock all users. `{name}` in a text stands for the name of whom it is about.
CREATE TABLE social.notifications (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN (
        'missed_call', 'video_request', 'friend_request', 'friend_accepted', 'comment', 'like', 'strike', 'appeal', 'reward',
        'milestone', 'streak', 'mentor_session', 'export', 'system'
    )),
    title text NOT NULL CHECK (char_length(title) BETWEEN 1 AND 200),
    body text NOT NULL CHECK (char_length(body) <= 1000),
    subject_type text,
    subject_id uuid,
    about_id uuid,
    action_label text,
    action_url text,
    created_at timestamptz NOT NULL,  -- or renewed
    delivered_at timestamptz,
    read_at timestamptz,
    expires_at timestamptz,
    CONSTRAINT a_subject_is_whole CHECK ((subject_type IS NULL) = (subject_id IS NULL)),
    CONSTRAINT an_action_is_whole CHECK ((action_label IS NULL) = (action_url IS NULL))
) PARTITION BY RANGE (id);
CREATE INDEX notifications_in_order ON social.notifications (user_id, created_at, id);
CREATE INDEX notifications_unread_in_order ON social.notifications (user_id, created_at, id) WHERE read_at IS NULL;
CREATE INDEX notifications_unread ON social.notifications (user_id, kind, subject_id) WHERE read_at IS NULL;
CREATE INDEX notifications_about ON social.notifications (about_id) WHERE about_id IS NOT NULL;
COMMENT ON TABLE social.notifications IS
'`subject` is what it is about, `about_id` the user from whom or about whom it is: it is shown while that one is visible.';

-- What no quarter was made for in time.
CREATE TABLE social.notifications_other PARTITION OF social.notifications DEFAULT;

-- Whoever changes notifications of a user locks their lane first, and locks nothing of others after it. Of several lanes, those of
-- users who are locked.
CREATE TABLE social.notification_lanes (
    user_id uuid PRIMARY KEY REFERENCES identity.users,
    last_news bigint NOT NULL DEFAULT 0 CHECK (last_news >= 0)
);

-- As communication.outbox, which nodes of the version before read too. The lane is the user; the subject of `notification:read` too.
CREATE TABLE social.notification_outbox (
    lane uuid NOT NULL,
    number bigint NOT NULL CHECK (number > 0),
    event text NOT NULL CHECK (char_length(event) BETWEEN 1 AND 100),
    subject uuid NOT NULL,
    PRIMARY KEY (lane, number)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

-- What differs from what holds at first: `push`, `email`, `quiet_from`, `quiet_to`, and `kinds` with a boolean for each.
ALTER TABLE identity.settings ADD COLUMN notifications jsonb CHECK (jsonb_typeof(notifications) = 'object');

CREATE FUNCTION identity.merged_settings(own jsonb, patch jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE jsonb_typeof(patch)
        WHEN 'null' THEN NULL
        WHEN 'object' THEN jsonb_strip_nulls(
            coalesce(own, '{}') || patch || jsonb_build_object(
                'kinds', coalesce(own -> 'kinds', '{}') || coalesce(patch -> 'kinds', '{}')
            )
        )
        ELSE own
    END
$$;
COMMENT ON FUNCTION identity.merged_settings IS 'These settings with the patch: what it does not name stays, null clears.';

CREATE FUNCTION social.shown_notifications(viewer uuid, at timestamptz) RETURNS SETOF social.notifications
LANGUAGE sql STABLE BEGIN ATOMIC
    SELECT n.* FROM social.notifications n
    WHERE n.user_id = viewer AND (n.expires_at IS NULL OR n.expires_at > at)
        AND (n.about_id IS NULL OR EXISTS (SELECT FROM identity.visible_to(viewer, at) seen WHERE seen.user_id = n.about_id));
END;
COMMENT ON FUNCTION social.shown_notifications IS
'Notifications of this user that are shown at this time: not expired, and about nobody whom they may not see.';

CREATE FUNCTION social.unread_notifications(viewer uuid, at timestamptz) RETURNS bigint LANGUAGE plpgsql STABLE
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
AS $$
BEGIN
    RETURN (
        SELECT count(*) FROM (
            SELECT FROM social.shown_notifications(viewer, at) n WHERE n.read_at IS NULL LIMIT 1000
        ) AS counted
    );
END $$;
COMMENT ON FUNCTION social.unread_notifications IS 'How many of those that are shown have not been read; no more than 1,000 are counted.';

CREATE FUNCTION social.hold_lane(owner uuid) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM social.notification_lanes l WHERE l.user_id = owner FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        INSERT INTO social.notification_lanes (user_id) VALUES (owner) ON CONFLICT DO NOTHING;
        PERFORM FROM social.notification_lanes l WHERE l.user_id = owner FOR NO KEY UPDATE;
    END IF;
END $$;
COMMENT ON FUNCTION social.hold_lane IS 'Lock the lane of this user: what comes next sees all that others have stored for them.';

CREATE FUNCTION social.tell(owner uuid, event text, subject uuid) RETURNS bigint LANGUAGE sql AS $$
    WITH next AS (
        UPDATE social.notification_lanes SET last_news = last_news + 1 WHERE user_id = owner RETURNING last_news
    )
    INSERT INTO social.notification_outbox (lane, number, event, subject) SELECT owner, last_news, event, subject FROM next
    RETURNING number
$$;
COMMENT ON FUNCTION social.tell IS 'Note what is to be announced to this user, whose lane is held; gives its number there.';

CREATE FUNCTION social.first_id(at timestamptz) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT (lpad(to_hex(floor(extract(epoch FROM at) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid
$$;
COMMENT ON FUNCTION social.first_id IS 'A key before all UUIDv7 that were made at this time or later.';

CREATE FUNCTION social.notify(fresh social.notifications, always boolean) RETURNS uuid LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
AS $$
DECLARE same uuid;
BEGIN
    IF NOT always AND EXISTS (
        SELECT FROM identity.settings s
        WHERE s.user_id = fresh.user_id AND s.notifications -> 'kinds' ->> fresh.kind = 'false'
    ) THEN
        RETURN NULL;
    END IF;
    PERFORM social.hold_lane(fresh.user_id);
    SELECT n.id INTO same FROM social.notifications n
    WHERE n.user_id = fresh.user_id AND n.kind = fresh.kind AND n.read_at IS NULL
        AND n.subject_id = fresh.subject_id AND n.subject_type = fresh.subject_type;
    -- One that is renewed stays in its part; which must not be dropped soon.
    IF same >= social.first_id(fresh.created_at - interval '30 days') THEN
        UPDATE social.notifications n
        SET title = fresh.title, body = fresh.body, about_id = fresh.about_id, action_label = fresh.action_label,
            action_url = fresh.action_url, created_at = greatest(n.created_at, fresh.created_at), delivered_at = NULL,
            expires_at = fresh.expires_at
        WHERE n.id = same;
    ELSE
        DELETE FROM social.notifications n WHERE n.id = same;
        INSERT INTO social.notifications SELECT (fresh).*;
        same := fresh.id;
    END IF;
    PERFORM social.tell(fresh.user_id, 'notification:new', same);
    RETURN same;
END $$;
COMMENT ON FUNCTION social.notify IS
'Store a notification, or renew the one of the same kind and subject that has not been read; gives its id. Null: its user does not
want to be told of this kind, unless it is told `always`.';

CREATE FUNCTION social.read_notifications(owner uuid, ids uuid[], at timestamptz, OUT number bigint, OUT ids_read uuid[])
LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
AS $$
BEGIN
    PERFORM social.hold_lane(owner);
    WITH read AS (
        UPDATE social.notifications n SET read_at = at, delivered_at = coalesce(n.delivered_at, at)
        WHERE n.user_id = owner AND n.read_at IS NULL AND (ids IS NULL OR n.id = ANY (ids))
        RETURNING n.id
    )
    SELECT array_agg(read.id) INTO ids_read FROM read;
    IF ids_read IS NOT NULL THEN
        number := social.tell(owner, 'notification:read', owner);
    END IF;
END $$;
COMMENT ON FUNCTION social.read_notifications IS
'These of this user have been read; null: all. Gives which had not been before, and their number in the lane.';

-- A request that waits no longer is nothing to read about: it was answered, or there is none. Of erased accounts nothing is left.
CREATE FUNCTION social.settle_request_notice() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM social.notifications n
        WHERE n.user_id = NEW.receiver_id AND n.kind = 'friend_request' AND n.read_at IS NULL AND n.subject_id = NEW.sender_id
    ) OR EXISTS (
        SELECT FROM identity.users u WHERE u.id IN (NEW.sender_id, NEW.receiver_id) AND u.deleted_at IS NOT NULL
    ) THEN
        RETURN NULL;
    END IF;
    PERFORM social.hold_lane(NEW.receiver_id);
    UPDATE social.notifications n SET read_at = NEW.closed_at,
        expires_at = CASE WHEN NEW.state = 'accepted' THEN n.expires_at ELSE NEW.closed_at END
    WHERE n.user_id = NEW.receiver_id AND n.kind = 'friend_request' AND n.read_at IS NULL AND n.subject_id = NEW.sender_id;
    PERFORM social.tell(NEW.receiver_id, 'notification:read', NEW.receiver_id);
    RETURN NULL;
END $$;
CREATE TRIGGER a_request_that_is_over_is_no_news AFTER UPDATE OF state ON social.friend_requests
    FOR EACH ROW WHEN (OLD.state = 'open' AND NEW.state <> 'open') EXECUTE FUNCTION social.settle_request_notice();

-- Devices to push to: each is bound to the session in which it was named, and goes with it.
CREATE TABLE identity.devices (
    user_id uuid NOT NULL REFERENCES identity.users,
    device_id text NOT NULL CHECK (char_length(device_id) BETWEEN 1 AND 200),
    session_id uuid NOT NULL REFERENCES identity.sessions,
    platform text NOT NULL CHECK (platform IN ('ios', 'android', 'web')),
    token text CHECK (char_length(token) BETWEEN 1 AND 1000),
    subscription jsonb,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (user_id, device_id)
);
CREATE INDEX devices_of_a_session ON identity.devices (session_id);
CREATE INDEX devices_by_token ON identity.devices (token) WHERE token IS NOT NULL;
CREATE INDEX devices_by_endpoint ON identity.devices ((subscription ->> 'endpoint')) WHERE subscription IS NOT NULL;

CREATE FUNCTION identity.forget_devices() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM identity.devices WHERE session_id = OLD.id;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER devices_go_with_the_session_that_ends BEFORE UPDATE OF revoked_at ON identity.sessions
    FOR EACH ROW WHEN (OLD.revoked_at IS NULL AND NEW.revoked_at IS NOT NULL) EXECUTE FUNCTION identity.forget_devices();
CREATE TRIGGER devices_go_with_the_session BEFORE DELETE ON identity.sessions
    FOR EACH ROW EXECUTE FUNCTION identity.forget_devices();

-- An account that is erased takes along its notifications, those about it, and its devices.
CREATE FUNCTION social.forget_notifications() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM social.notifications WHERE user_id = NEW.id OR about_id = NEW.id;
    DELETE FROM social.notification_lanes WHERE user_id = NEW.id;
    DELETE FROM identity.devices WHERE user_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER notifications_go_with_the_account AFTER UPDATE OF deleted_at ON identity.users
    FOR EACH ROW WHEN (OLD.deleted_at IS NULL AND NEW.deleted_at IS NOT NULL) EXECUTE FUNCTION social.forget_notifications();

-- The parts.
CREATE FUNCTION social.make_quarter(begins timestamp) RETURNS boolean LANGUAGE plpgsql
SET lock_timeout = '3s'
AS $$
DECLARE
    part text := 'notifications_' || to_char(begins, 'YYYY"q"Q');
    first uuid := social.first_id(begins AT TIME ZONE 'UTC');
    beyond uuid := social.first_id((begins + interval '3 months') AT TIME ZONE 'UTC');
BEGIN
    IF to_regclass('social.' || part) IS NOT NULL THEN
        RETURN false;
    END IF;
    LOCK TABLE social.notifications IN SHARE ROW EXCLUSIVE MODE;  -- nobody writes meanwhile, all may read
    IF to_regclass('social.' || part) IS NOT NULL THEN
        RETURN false;
    END IF;
    EXECUTE format('CREATE TABLE social.%I (LIKE social.notifications INCLUDING ALL)', part);
    EXECUTE format(
        'WITH moved AS (DELETE FROM social.notifications_other WHERE id >= %L AND id < %L RETURNING *)'
        ' INSERT INTO social.%I SELECT * FROM moved', first, beyond, part
    );
    EXECUTE format('ALTER TABLE social.notifications ATTACH PARTITION social.%I FOR VALUES FROM (%L) TO (%L)', part, first, beyond);
    RETURN true;
END $$;
COMMENT ON FUNCTION social.make_quarter IS
'Make the part for the quarter that begins then (UTC), with what was stored before it was made. Whether it was not there.';

CREATE FUNCTION social.drop_quarters(before timestamptz) RETURNS bigint LANGUAGE plpgsql
SET lock_timeout = '3s'
AS $$
DECLARE part record; dropped bigint := 0;
BEGIN
    FOR part IN
        SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'social.notifications'::regclass AND c.relname ~ '^notifications_\d{4}q[1-4]$'
            AND make_date(substr(c.relname, 15, 4)::int, 3 * substr(c.relname, 20, 1)::int - 2, 1) + interval '3 months'
                <= before AT TIME ZONE 'UTC'
    LOOP
        EXECUTE format('DROP TABLE social.%I', part.relname);
        dropped := dropped + 1;
    END LOOP;
    DELETE FROM social.notifications_other WHERE id < social.first_id(before);
    RETURN dropped;
END $$;
COMMENT ON FUNCTION social.drop_quarters IS 'Drop the parts of quarters that were over by then. How many.';
