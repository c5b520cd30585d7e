-- Messages show media of their senders, are replied to with a preview, edited, and deleted for everybody.

-- Both tables at once or none, so that nobody who has one of them waits for the other one meanwhile.
DO $$
BEGIN
    FOR attempt IN 1 .. 500 LOOP
        BEGIN
            LOCK TABLE communication.messages, social.media IN ACCESS EXCLUSIVE MODE NOWAIT;
            RETURN;
        EXCEPTION WHEN lock_not_available THEN
            PERFORM pg_sleep(0.02);
        END;
    END LOOP;
END $$;

ALTER TABLE communication.messages
    ADD COLUMN media_id uuid,
    DROP CONSTRAINT messages_type_check,
    ADD CONSTRAINT messages_type_check CHECK (type IN ('text', 'image', 'video', 'voice', 'file', 'system')),
    ADD CONSTRAINT a_text_shows_nothing CHECK (media_id IS NULL OR type NOT IN ('text', 'system'));
COMMENT ON COLUMN communication.messages.media_id IS 'Stays when the message is deleted, but is shown to nobody.';
CREATE INDEX messages_with_a_media ON communication.messages (media_id) WHERE media_id IS NOT NULL;

CREATE INDEX reports_of_messages ON interaction.reports (subject_id) WHERE subject_type = 'message';

ALTER TABLE social.media ADD COLUMN waveform smallint[];
COMMENT ON COLUMN social.media.waveform IS 'How loud a voice message is, part by part, 0 to 255.';

-- All that is asked about media and replies is asked by functions of plpgsql, so that the statement about a text makes itself
-- ready for nothing else.

-- Whether a sender may send this media as this kind of message. Whoever asks has locked it.
CREATE FUNCTION communication.may_be_sent(media uuid, sender uuid, kind text, at timestamptz) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN EXISTS (
        SELECT FROM social.media m
        WHERE m.id = media AND m.owner_id = sender AND m.purpose = 'chat' AND m.state = 'ready' AND m.stored
            AND (m.expires_at IS NULL OR m.expires_at > at)
            AND (kind = 'file' OR m.type = CASE kind WHEN 'voice' THEN 'audio' ELSE kind END)
    );
END $$;

-- A media as whoever reads the message is shown it.
CREATE FUNCTION communication.shown(media uuid) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (SELECT to_jsonb(m) FROM social.media m WHERE m.id = media AND m.stored AND m.state = 'ready');
END $$;
-- The same of a message in a room of the user for whom app_user acts, who sees no media of others by themselves.
CREATE FUNCTION communication.shown_to_me(message uuid) RETURNS jsonb LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path TO 'pg_catalog', 'pg_temp'
AS $$
BEGIN
    RETURN (
        SELECT communication.shown(s.media_id) FROM communication.messages s
        JOIN communication.members m ON m.room_id = s.room_id AND m.user_id = identity.me() AND m.left_at IS NULL
        WHERE s.id = message AND s.seq > m.joined_seq AND s.deleted_at IS NULL
    );
END $$;
REVOKE ALL ON FUNCTION communication.shown_to_me FROM PUBLIC;
GRANT EXECUTE ON FUNCTION communication.shown_to_me TO app_user;

-- What is seen of the message that a reply is to, by one who sees nothing of those `avoided`, nor what was said up to seq `joined`: null
-- where that is nothing. Of one that was deleted, that it was.
CREATE FUNCTION communication.preview(reply uuid, avoided uuid[], joined bigint) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (
        SELECT jsonb_build_object(
            'id', s.id, 'seq', s.seq, 'sender_id', s.sender_id, 'type', s.type, 'content', left(s.content, 200),
            'deleted_ms', (extract(epoch FROM s.deleted_at) * 1000)::bigint
        )
        FROM communication.messages s
        WHERE s.id = reply AND s.seq > joined AND (s.sender_id = ANY (avoided)) IS NOT TRUE
    );
END $$;

-- Who is in a group and sees nothing of this message of it, and so of a preview of it.
CREATE FUNCTION communication.unaware(room uuid, message uuid) RETURNS uuid[] LANGUAGE plpgsql STABLE AS $$
DECLARE
    said_by uuid;
    place bigint;
    apart uuid[] := '{}';
BEGIN
    SELECT s.sender_id, s.seq INTO said_by, place FROM communication.messages s WHERE s.id = message;
    IF said_by IS NOT NULL THEN
        apart := communication.avoided(room, said_by);
    END IF;
    RETURN ARRAY(
        SELECT m.user_id FROM communication.members m
        WHERE m.room_id = room AND m.left_at IS NULL AND (m.joined_seq >= place OR m.user_id = ANY (apart))
    );
END $$;

-- As 0067 made it, with what each message shows (`media_ids`, null: nothing), which has to be its sender's own, ready and of its kind, and
-- a reply is to what its sender may read. `shown` is that media, `replied` the preview, as the sender sees them. No members are
-- named either where not all see the message that it is a reply to.
CREATE FUNCTION communication.say(
    ids uuid[], room_ids uuid[], sender_ids uuid[], client_ids text[], types text[], contents text[], replies_to uuid[],
    times timestamptz[], media_ids uuid[]
) RETURNS TABLE (n bigint, seq bigint, number bigint, members uuid[], shown jsonb, replied jsonb)
LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
AS $$
#variable_conflict use_column
DECLARE
    shows boolean := array_remove(media_ids, NULL) <> '{}';
BEGIN
    PERFORM FROM communication.rooms r WHERE r.id = ANY (room_ids) ORDER BY r.id FOR NO KEY UPDATE;
    IF shows THEN
        PERFORM FROM social.media m WHERE m.id = ANY (media_ids) ORDER BY m.id FOR NO KEY UPDATE;
    END IF;

    RETURN QUERY
    WITH draft AS (
        SELECT
            d.*, r.kind, r.last_seq, r.last_news, m.joined_seq, row_number() OVER (PARTITION BY d.room_id ORDER BY d.n) AS nth
        FROM unnest(ids, room_ids, sender_ids, client_ids, types, contents, replies_to, times, media_ids)
            WITH ORDINALITY AS d (id, room_id, sender_id, client_id, type, content, reply_to, created_at, media_id, n)
        JOIN communication.members m ON m.room_id = d.room_id AND m.user_id = d.sender_id AND m.left_at IS NULL
        JOIN communication.rooms r ON r.id = d.room_id AND r.ended_at IS NULL
        WHERE (
                d.reply_to IS NULL OR d.room_id = (
                    SELECT t.room_id FROM communication.messages t WHERE t.id = d.reply_to AND t.seq > m.joined_seq
                )
            ) AND NOT EXISTS (
                SELECT FROM communication.messages s
                WHERE s.sender_id = d.sender_id AND s.client_id = d.client_id
                    AND s.room_id IS NOT DISTINCT FROM d.room_id  -- no equality, for which there is another index
            ) AND (d.media_id IS NULL OR communication.may_be_sent(d.media_id, d.sender_id, d.type, d.created_at))
    ), said AS (
        INSERT INTO communication.messages (id, room_id, seq, sender_id, client_id, type, content, reply_to, created_at, media_id)
        SELECT id, room_id, last_seq + nth, sender_id, client_id, type, content, reply_to, created_at, media_id FROM draft
    ), noted AS (
        INSERT INTO communication.outbox (lane, number, event, subject)
        SELECT room_id, last_news + nth, 'chat:message', id FROM draft
    ), counted AS (
        UPDATE communication.rooms r SET last_seq = r.last_seq + more.messages, last_news = r.last_news + more.messages
        FROM (SELECT room_id, count(*) AS messages FROM draft GROUP BY room_id) more
        WHERE r.id = more.room_id
    )
    SELECT
        draft.n, last_seq + nth, last_news + nth,
        CASE
            WHEN kind = 'direct' OR NOT communication.is_avoided(room_id, sender_id)
                AND (reply_to IS NULL OR communication.unaware(room_id, reply_to) = '{}')
            THEN ARRAY(
                SELECT m.user_id FROM communication.members m
                WHERE m.room_id = draft.room_id AND m.left_at IS NULL ORDER BY m.user_id
            ) ELSE '{}'
        END,
        CASE WHEN media_id IS NOT NULL THEN communication.shown(media_id) END,
        CASE WHEN reply_to IS NOT NULL THEN communication.preview(
            reply_to, CASE WHEN kind = 'group' THEN communication.avoided(room_id, sender_id) ELSE '{}' END, joined_seq
        ) END
    FROM draft;

    IF shows THEN
        UPDATE social.media m
        SET used_for = coalesce(m.used_for, s.id), used_at = coalesce(m.used_at, s.created_at), expires_at = NULL
        FROM communication.messages s
        WHERE s.id = ANY (ids) AND m.id = s.media_id;
    END IF;
END $$;

CREATE FUNCTION communication.say_one(
    id uuid, room uuid, sender uuid, client text, type text, content text, reply uuid, at timestamptz, media uuid
) RETURNS TABLE (n bigint, seq bigint, number bigint, members uuid[], shown jsonb, replied jsonb)
LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
AS $$
#variable_conflict use_column
BEGIN
    PERFORM FROM communication.rooms r WHERE r.id = room FOR NO KEY UPDATE;
    IF media IS NOT NULL THEN
        PERFORM FROM social.media m WHERE m.id = media FOR NO KEY UPDATE;
    END IF;

    RETURN QUERY
    WITH counted AS (
        UPDATE communication.rooms r SET last_seq = r.last_seq + 1, last_news = r.last_news + 1
        WHERE r.id = room AND r.ended_at IS NULL
            AND EXISTS (
                SELECT FROM communication.members m
                WHERE m.room_id = room AND m.user_id = sender AND m.left_at IS NULL AND (
                    reply IS NULL
                    OR room = (SELECT t.room_id FROM communication.messages t WHERE t.id = reply AND t.seq > m.joined_seq)
                )
            )
            AND NOT EXISTS (
                SELECT FROM communication.messages s
                WHERE s.sender_id = sender AND s.client_id = client
                    AND s.room_id IS NOT DISTINCT FROM room  -- no equality, for which there is another index
            )
            AND (media IS NULL OR communication.may_be_sent(media, sender, say_one.type, at))
        RETURNING r.kind, r.last_seq, r.last_news
    ), said AS (
        INSERT INTO communication.messages (id, room_id, seq, sender_id, client_id, type, content, reply_to, created_at, media_id)
        SELECT say_one.id, room, last_seq, sender, client, say_one.type, say_one.content, reply, at, media FROM counted
    ), noted AS (
        INSERT INTO communication.outbox (lane, number, event, subject)
        SELECT room, last_news, 'chat:message', say_one.id FROM counted
    )
    SELECT
        1::bigint, last_seq, last_news,
        CASE
            WHEN kind = 'direct' OR NOT communication.is_avoided(room, sender) AND (reply IS NULL OR communication.unaware(room, reply) = '{}')
            THEN ARRAY(
                SELECT m.user_id FROM communication.members m WHERE m.room_id = room AND m.left_at IS NULL ORDER BY m.user_id
            ) ELSE '{}'
        END,
        CASE WHEN media IS NOT NULL THEN communication.shown(media) END,
        CASE WHEN reply IS NOT NULL THEN communication.preview(
            reply, CASE WHEN kind = 'group' THEN communication.avoided(room, sender) ELSE '{}' END, 0
        ) END
    FROM counted;

    IF media IS NOT NULL THEN
        UPDATE social.media m
        SET used_for = coalesce(m.used_for, s.id), used_at = coalesce(m.used_at, s.created_at), expires_at = NULL
        FROM communication.messages s
        WHERE s.id = say_one.id AND m.id = s.media_id;
    END IF;
END $$;

-- Those of 0067, for nodes of the version before: what they send shows nothing.
CREATE OR REPLACE FUNCTION communication.say(
    ids uuid[], room_ids uuid[], sender_ids uuid[], client_ids text[], types text[], contents text[], replies_to uuid[],
    times timestamptz[]
) RETURNS TABLE (n bigint, seq bigint, number bigint, members uuid[])
LANGUAGE sql AS $$
    SELECT s.n, s.seq, s.number, s.members
    FROM communication.say(ids, room_ids, sender_ids, client_ids, types, contents, replies_to, times, '{}'::uuid[]) s
$$;
CREATE OR REPLACE FUNCTION communication.say_one(
    id uuid, room uuid, sender uuid, client text, type text, content text, reply uuid, at timestamptz
) RETURNS TABLE (n bigint, seq bigint, number bigint, members uuid[])
LANGUAGE sql AS $$
    SELECT s.n, s.seq, s.number, s.members
    FROM communication.say_one(id, room, sender, client, type, content, reply, at, NULL::uuid) s
$$;

-- A media that no message shows any more is deleted, unless evidence of a report of one that did is kept.
CREATE FUNCTION communication.let_go(media uuid, at timestamptz) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM social.media m WHERE m.id = media FOR NO KEY UPDATE;  -- whoever sends it once more has, or waits
    UPDATE social.media m SET expires_at = at
    WHERE m.id = media AND m.used_at IS NOT NULL AND m.expires_at IS NULL AND NOT EXISTS (
        SELECT FROM communication.messages s
        WHERE s.media_id = m.id AND (s.deleted_at IS NULL OR EXISTS (
            SELECT FROM interaction.reports r
            WHERE r.subject_type = 'message' AND r.subject_id = s.id AND r.evidence IS NOT NULL
        ))
    );
END $$;

-- The sender edits a message into these `words`, or deletes it for everybody (`gone`), and a note in the lane of the room, behind that
-- of the message, says so. False: it is not theirs any more, or is gone already; or the room has ended, and it was to be edited.
CREATE FUNCTION communication.change(message uuid, who uuid, words text, gone boolean, at timestamptz) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    room uuid;
    media uuid;
    news bigint;
BEGIN
    SELECT s.room_id, s.media_id INTO room, media FROM communication.messages s WHERE s.id = message;
    PERFORM FROM communication.rooms r WHERE r.id = room FOR NO KEY UPDATE;
    UPDATE communication.messages s
    SET content = CASE WHEN gone THEN NULL ELSE words END,
        edited_at = CASE WHEN gone THEN s.edited_at ELSE at END,
        deleted_at = CASE WHEN gone THEN at END
    WHERE s.id = message AND s.sender_id = who AND s.deleted_at IS NULL
        AND EXISTS (
            SELECT FROM communication.members m WHERE m.room_id = room AND m.user_id = who AND m.left_at IS NULL
        )
        AND (gone OR EXISTS (SELECT FROM communication.rooms r WHERE r.id = room AND r.ended_at IS NULL));
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    UPDATE communication.rooms r SET last_news = r.last_news + 1 WHERE r.id = room RETURNING r.last_news INTO news;
    INSERT INTO communication.outbox (lane, number, event, subject) VALUES (room, news, 'chat:changed', message);
    IF gone AND media IS NOT NULL THEN
        PERFORM communication.let_go(media, at);
    END IF;
    RETURN true;
END $$;
