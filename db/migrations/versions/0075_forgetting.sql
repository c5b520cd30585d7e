-- Rooms forget what was said in them, after a time: from the first message on, without a gap.

-- All tables at once or none, so that nobody who has one of them waits for another one meanwhile.
DO $$
BEGIN
    FOR attempt IN 1 .. 500 LOOP
        BEGIN
            LOCK TABLE communication.messages, communication.rooms, communication.groups IN ACCESS EXCLUSIVE MODE NOWAIT;
            RETURN;
        EXCEPTION WHEN lock_not_available THEN
            PERFORM pg_sleep(0.02);
        END;
    END LOOP;
END $$;

-- To delete a message, this one read the whole table for replies to it. What a reply is to is looked for with the room locked, as messages
-- are forgotten; afterwards a reply names one that is not there any more.
ALTER TABLE communication.messages DROP CONSTRAINT messages_reply_to_fkey;

-- Up to there nobody reads anything. Members have that in their `joined_seq` too, so that whatever asks what they may read knows it.
ALTER TABLE communication.rooms ADD COLUMN forgotten_seq bigint NOT NULL DEFAULT 0;

ALTER TABLE communication.groups ADD COLUMN keep_days int CHECK (keep_days > 0);
COMMENT ON COLUMN communication.groups.keep_days IS 'For so long messages are kept at most; null: as long as the server keeps them.';
CREATE INDEX groups_that_forget ON communication.groups (id) WHERE keep_days IS NOT NULL;

-- Whether evidence of a report of this message is kept.
CREATE FUNCTION communication.is_evidence(message uuid) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN EXISTS (
        SELECT FROM interaction.reports r
        WHERE r.subject_type = 'message' AND r.subject_id = message AND r.evidence IS NOT NULL
    );
END $$;

-- Whether a message that stands shows this media: neither deleted nor forgotten, though evidence may need it still.
CREATE FUNCTION communication.is_shown(media uuid) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN EXISTS (
        SELECT FROM communication.messages s JOIN communication.rooms r ON r.id = s.room_id
        WHERE s.media_id = media AND s.deleted_at IS NULL AND s.seq > r.forgotten_seq
    );
END $$;

-- A room forgets its oldest messages from before a time, at most so many, with what is known of who got and read them; media that nothing else
-- shows are deleted `at` now. What has been reported stays while its evidence does, and is read by nobody. Gives of how many
-- rows that was; as many as `most`, or more: there may be more to forget.
CREATE FUNCTION communication.forget(room uuid, before timestamptz, most int, at timestamptz) RETURNS int
LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
SET jit = off
AS $$
DECLARE
    kept_after bigint;
    up_to bigint;
    media uuid[];
    read_rows int;
    delivered_rows int;
BEGIN
    SELECT r.forgotten_seq INTO kept_after FROM communication.rooms r WHERE r.id = room FOR NO KEY UPDATE;
    SELECT max(p.seq) INTO up_to
    FROM (
        SELECT s.seq, bool_or(s.created_at >= before) OVER (ORDER BY s.seq) AS stays
        FROM (
            SELECT m.seq, m.created_at FROM communication.messages m
            WHERE m.room_id = room AND m.seq > kept_after ORDER BY m.seq LIMIT most
        ) s
    ) p
    WHERE NOT p.stays;
    IF up_to IS NULL THEN
        RETURN 0;
    END IF;
    -- What somebody still has to be told of is read from here then.
    up_to := least(up_to, (
        SELECT min(s.seq) - 1 FROM communication.outbox o
        JOIN communication.messages s ON s.id = o.subject
        WHERE o.lane = room
    ));
    -- What of this is noted while it goes, goes the next time.
    WITH past AS (
        SELECT d.user_id, d.seq FROM communication.members m
        CROSS JOIN LATERAL (
            SELECT r.user_id, r.seq FROM communication.reads r
            WHERE r.room_id = room AND r.user_id = m.user_id AND r.seq <= up_to ORDER BY r.seq LIMIT most
        ) d
        WHERE m.room_id = room LIMIT most
    )
    DELETE FROM communication.reads r USING past WHERE r.room_id = room AND r.user_id = past.user_id AND r.seq = past.seq;
    GET DIAGNOSTICS read_rows = ROW_COUNT;
    WITH past AS (
        SELECT d.user_id, d.seq FROM communication.members m
        CROSS JOIN LATERAL (
            SELECT r.user_id, r.seq FROM communication.deliveries r
            WHERE r.room_id = room AND r.user_id = m.user_id AND r.seq <= up_to ORDER BY r.seq LIMIT most
        ) d
        WHERE m.room_id = room LIMIT greatest(most - read_rows, 0)
    )
    DELETE FROM communication.deliveries r USING past WHERE r.room_id = room AND r.user_id = past.user_id AND r.seq = past.seq;
    GET DIAGNOSTICS delivered_rows = ROW_COUNT;
    IF read_rows + delivered_rows >= most THEN  -- the messages next time, so that nobody waits for long
        RETURN read_rows + delivered_rows;
    END IF;

    -- Not waited for is a report that is just being filed, nor an account that is being erased, which have locked some: up to the first of
    -- those, and the others next time.
    SELECT max(p.seq) INTO up_to
    FROM (
        SELECT s.seq, row_number() OVER (ORDER BY s.seq) AS nth
        FROM (
            SELECT m.seq FROM communication.messages m
            WHERE m.room_id = room AND m.seq > kept_after AND m.seq <= up_to
            ORDER BY m.seq FOR UPDATE SKIP LOCKED
        ) s
    ) p
    WHERE p.seq = kept_after + p.nth;
    IF up_to IS NULL THEN
        RETURN 0;
    END IF;

    -- In the order in which those who read lock them.
    PERFORM FROM communication.members m WHERE m.room_id = room ORDER BY m.user_id FOR NO KEY UPDATE;
    UPDATE communication.rooms r SET forgotten_seq = up_to WHERE r.id = room;
    UPDATE communication.members m
    SET joined_seq = up_to, read_seq = greatest(m.read_seq, up_to), delivered_seq = greatest(m.delivered_seq, up_to)
    WHERE m.room_id = room AND m.left_at IS NULL AND m.joined_seq < up_to;
    media := ARRAY(
        SELECT DISTINCT s.media_id FROM communication.messages s
        WHERE s.room_id = room AND s.seq > kept_after AND s.seq <= up_to AND s.media_id IS NOT NULL ORDER BY s.media_id
    );
    DELETE FROM communication.messages s
    WHERE s.room_id = room AND s.seq > kept_after AND s.seq <= up_to AND NOT communication.is_evidence(s.id);
    PERFORM communication.let_go(m.id, at) FROM unnest(media) m (id);
    RETURN (read_rows + delivered_rows + up_to - kept_after)::int;
END $$;

-- Evidence of reports of these messages is kept no longer: what their rooms have forgotten goes, and media that nothing else needs.
CREATE FUNCTION communication.release(messages uuid[], at timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    media uuid[];
BEGIN
    -- With the locks the next commands see what has been forgotten, or kept as evidence, meanwhile.
    PERFORM FROM communication.rooms r
    WHERE r.id IN (SELECT s.room_id FROM communication.messages s WHERE s.id = ANY (messages))
    ORDER BY r.id FOR NO KEY UPDATE;
    media := ARRAY(
        SELECT DISTINCT s.media_id FROM communication.messages s
        WHERE s.id = ANY (messages) AND s.media_id IS NOT NULL ORDER BY s.media_id
    );
    DELETE FROM communication.messages s USING communication.rooms r
    WHERE s.id = ANY (messages) AND r.id = s.room_id AND s.seq <= r.forgotten_seq AND NOT communication.is_evidence(s.id);
    PERFORM communication.let_go(m.id, at) FROM unnest(media) m (id);
END $$;
