-- A room that forgets waits for no mark of who got and read messages that an erasure has locked (0075_forgetting.sql says the rest).
CREATE OR REPLACE FUNCTION communication.forget(room uuid, before timestamptz, most int, at timestamptz) RETURNS int
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
    -- What of this is noted while it goes, goes the next time, as does what an account that is being erased has locked: that takes it in an order
    -- of its own, and each would wait for the other.
    WITH past AS (
        SELECT d.user_id, d.seq FROM communication.members m
        CROSS JOIN LATERAL (
            SELECT r.user_id, r.seq FROM communication.reads r
            WHERE r.room_id = room AND r.user_id = m.user_id AND r.seq <= up_to ORDER BY r.seq LIMIT most
            FOR UPDATE SKIP LOCKED
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
            FOR UPDATE SKIP LOCKED
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
