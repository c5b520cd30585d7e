-- Written by `python -m db.migrations.schema` from the migrations; do not edit.

CREATE SCHEMA communication;

CREATE SCHEMA identity;

CREATE SCHEMA interaction;

CREATE SCHEMA jobs;

CREATE SCHEMA places;

CREATE SCHEMA safety;

CREATE SCHEMA social;

CREATE TYPE communication.places AS (
	rooms uuid[],
	joined bigint[],
	grouped boolean[],
	asked tsquery
);

CREATE TYPE jobs.pgqueuer_status AS ENUM (
    'queued',
    'picked',
    'successful',
    'exception',
    'canceled',
    'deleted',
    'failed'
);

CREATE TYPE places.uuid_range AS RANGE (
    subtype = uuid,
    multirange_type_name = places.uuid_multirange
);

CREATE FUNCTION communication.asked(words text, place text) RETURNS tsquery
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (((place || replace(words, ' '::text, (' & '::text || place))) || ':*'::text))::tsquery;

CREATE FUNCTION communication.avoided(room uuid, reader uuid) RETURNS uuid[]
    LANGUAGE plpgsql STABLE
    AS $$
BEGIN
    RETURN ARRAY(
        SELECT b.other FROM identity.blocked_pairs b
        WHERE b.one = reader
            AND (SELECT true FROM communication.members m WHERE m.room_id = room AND m.user_id = b.other)
    );
END $$;

CREATE FUNCTION communication.avoided_by_me(room uuid) RETURNS uuid[]
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    RETURN CASE WHEN (SELECT r.kind FROM communication.rooms r WHERE r.id = room) = 'group'
        THEN communication.avoided(room, identity.me()) ELSE '{}' END;
END $$;

CREATE FUNCTION communication.change(message uuid, who uuid, words text, gone boolean, at timestamp with time zone) RETURNS boolean
    LANGUAGE plpgsql
    AS $$
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

CREATE FUNCTION communication.delivered(room_ids uuid[], user_ids uuid[], seqs bigint[], times timestamp with time zone[]) RETURNS TABLE(n bigint, read_seq bigint, delivered_seq bigint, members uuid[])
    LANGUAGE plpgsql
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
    AS $$
#variable_conflict use_column
BEGIN
    PERFORM FROM unnest(room_ids, user_ids) AS asked (room_id, user_id)
    JOIN communication.members m ON m.room_id = asked.room_id AND m.user_id = asked.user_id
    ORDER BY m.room_id, m.user_id
    FOR NO KEY UPDATE OF m;

    RETURN QUERY
    WITH receiver AS (
        SELECT
            asked.n, m.room_id, m.user_id, m.read_seq, m.delivered_seq, least(asked.seq, r.last_seq) AS seq, asked.at,
            r.ended_at IS NULL AS active, r.kind, EXISTS (
                SELECT FROM identity.settings s WHERE s.user_id = m.user_id AND s.read_receipts IS FALSE
            ) AS quiet
        FROM unnest(room_ids, user_ids, seqs, times) WITH ORDINALITY AS asked (room_id, user_id, seq, at, n)
        JOIN communication.members m ON m.room_id = asked.room_id AND m.user_id = asked.user_id AND m.left_at IS NULL
        JOIN communication.rooms r ON r.id = asked.room_id
        WHERE least(asked.seq, r.last_seq) > m.delivered_seq
    ), moved AS (
        UPDATE communication.members m SET delivered_seq = receiver.seq
        FROM receiver
        WHERE m.room_id = receiver.room_id AND m.user_id = receiver.user_id
    ), noted AS (
        INSERT INTO communication.deliveries (room_id, user_id, after_seq, seq, at)
        SELECT room_id, user_id, delivered_seq, seq, at FROM receiver WHERE NOT quiet
    )
    SELECT
        receiver.n, read_seq, seq,
        CASE
            WHEN quiet OR NOT active THEN '{}'
            WHEN kind = 'group' THEN array_remove(communication.told_of_reading(room_id, user_id), user_id)
            ELSE ARRAY(
                SELECT m.user_id FROM communication.members m
                WHERE m.room_id = receiver.room_id AND m.left_at IS NULL AND m.user_id <> receiver.user_id AND NOT EXISTS (
                    SELECT FROM identity.settings s WHERE s.user_id = m.user_id AND s.read_receipts IS FALSE
                )
                ORDER BY m.user_id
            )
        END
    FROM receiver;
END $$;

CREATE FUNCTION communication.end_room(room uuid, at timestamp with time zone) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    -- With the lock the next command sees what others have ended, or begun, in the same room meanwhile.
    PERFORM FROM communication.rooms r WHERE r.id = room FOR NO KEY UPDATE;
    UPDATE communication.rooms r SET ended_at = at
    WHERE r.id = room AND r.ended_at IS NULL AND NOT EXISTS (SELECT FROM communication.grounds g WHERE g.room_id = r.id);
END $$;

CREATE FUNCTION communication.end_room_with_connection() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM communication.end_room(NEW.room_id, NEW.ended_at);
    RETURN NULL;
END $$;

CREATE FUNCTION communication.forget(room uuid, before timestamp with time zone, most integer, at timestamp with time zone) RETURNS integer
    LANGUAGE plpgsql
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET jit TO 'off'
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

CREATE FUNCTION communication.found(reader uuid, sought text, before uuid, most integer) RETURNS TABLE(id uuid)
    LANGUAGE plpgsql STABLE ROWS 50
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
    SET max_parallel_workers_per_gather TO '0'
    SET jit TO 'off'
    AS $$
#variable_conflict use_column
DECLARE
    words text := communication.words(sought);
    unheard uuid[] := communication.unheard(reader);
    latest uuid[] := '{}';
    since uuid := before;
    looked int := 0;
    among int := 200;
    places communication.places[];
    known uuid[];
    sample int;
    held float8;
    depth float8;
BEGIN
    IF words IS NULL THEN
        RETURN;
    END IF;
    LOOP
        latest := latest || communication.found_lately(reader, words, since, most - cardinality(latest), among);
        IF cardinality(latest) < most THEN
            since := (SELECT m.id FROM communication.messages m WHERE m.id < since ORDER BY m.id DESC OFFSET among - 1 LIMIT 1);
        END IF;
        IF cardinality(latest) = most OR since IS NULL THEN  -- no message is left to look at
            RETURN QUERY SELECT unnest(latest);
            RETURN;
        END IF;
        looked := looked + among;
        EXIT WHEN 100 * cardinality(latest) < looked;
        among := least(3 * looked, 2 * looked * (most - cardinality(latest)) / cardinality(latest) + 1);
    END LOOP;

    SELECT array_agg(four.places ORDER BY four.n) INTO places
    FROM (
        SELECT n / 4 AS n, ROW(
            array_agg(room_id), array_agg(joined_seq), array_agg(kind = 'group'),
            string_agg('(' || place || replace(words, ' ', ' & ' || place) || ':*)', '|')::tsquery
        )::communication.places AS places
        FROM (
            SELECT e.*, communication.place(e.room_id, e.era << 12) AS place,
                row_number() OVER (ORDER BY (e.last_seq >> 12) - e.era) AS n
            FROM (
                SELECT m.room_id, m.joined_seq, r.kind, r.last_seq,
                    generate_series((m.joined_seq + 1) >> 12, r.last_seq >> 12) AS era
                FROM communication.members m
                JOIN communication.rooms r ON r.id = m.room_id
                WHERE m.user_id = reader AND m.left_at IS NULL
            ) e
            OFFSET 0
        ) one
        GROUP BY 1
    ) four;
    sample := (cardinality(places) + 15) / 16;
    known := ARRAY(SELECT communication.found_in_places(places[: sample], unheard, before));
    held := cardinality(known) * cardinality(places)::float8 / sample;
    IF held > most THEN
        depth := 1.5 * most / held
            * (SELECT greatest(c.reltuples, held) FROM pg_class c WHERE c.oid = 'communication.messages'::regclass);
        IF depth BETWEEN looked + 1 AND held + 12 * cardinality(places) THEN
            latest := latest
                || communication.found_lately(reader, words, since, most - cardinality(latest), (depth - looked)::int);
            IF cardinality(latest) = most THEN
                RETURN QUERY SELECT unnest(latest);
                RETURN;
            END IF;
        END IF;
    END IF;
    RETURN QUERY
    SELECT f.id FROM (
        SELECT unnest(known) AS id
        UNION ALL SELECT communication.found_in_places(places[sample + 1 :], unheard, before)
    ) f
    ORDER BY f.id DESC LIMIT most;
END $$;

CREATE FUNCTION communication.found_in_places(places communication.places[], unheard uuid[], before uuid) RETURNS TABLE(id uuid)
    LANGUAGE plpgsql STABLE
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
    SET max_parallel_workers_per_gather TO '0'
    SET jit TO 'off'
    AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT s.id
    FROM unnest(places) p
    CROSS JOIN LATERAL (
        SELECT s.id FROM communication.messages s
        WHERE communication.indexed(s.room_id, s.seq, s.content) @@ p.asked AND s.content IS NOT NULL AND s.type <> 'system'
            AND (s.id < before) IS TRUE
            AND (s.seq > p.joined[array_position(p.rooms, s.room_id)]) IS TRUE  -- null: of another room with such an end
            AND (s.sender_id <> ALL (unheard) OR NOT p.grouped[array_position(p.rooms, s.room_id)])
        OFFSET 0
    ) s;
END $$;

CREATE FUNCTION communication.found_in_room(room uuid, reader uuid, sought text, before bigint, most integer) RETURNS TABLE(id uuid)
    LANGUAGE plpgsql STABLE ROWS 50
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
    SET max_parallel_workers_per_gather TO '0'
    SET jit TO 'off'
    AS $$
#variable_conflict use_column
DECLARE
    words text := communication.words(sought);
    own record;
    unheard uuid[];
    asked tsquery;
    wanted int := most;
    more int;
BEGIN
    SELECT r.kind, r.last_seq, m.joined_seq INTO own FROM communication.members m
    JOIN communication.rooms r ON r.id = m.room_id
    WHERE m.room_id = room AND m.user_id = reader AND m.left_at IS NULL;
    unheard := CASE WHEN own.kind = 'group' THEN communication.unheard(reader) ELSE '{}' END;
    FOR era IN REVERSE least(own.last_seq, before - 1) >> 12 .. (own.joined_seq + 1) >> 12 LOOP
        asked := communication.asked(words, communication.place(room, era::bigint << 12));
        RETURN QUERY
        SELECT s.id FROM communication.messages s
        WHERE communication.indexed(s.room_id, s.seq, s.content) @@ asked AND s.content IS NOT NULL AND s.type <> 'system'
            AND s.room_id IS NOT DISTINCT FROM room AND (s.seq > own.joined_seq AND s.seq < before) IS TRUE
            AND s.sender_id <> ALL (unheard)
        ORDER BY s.seq DESC LIMIT wanted;
        GET DIAGNOSTICS more = ROW_COUNT;
        wanted := wanted - more;
        EXIT WHEN wanted = 0;
    END LOOP;
END $$;

CREATE FUNCTION communication.found_lately(reader uuid, words text, before uuid, most integer, among integer) RETURNS uuid[]
    LANGUAGE plpgsql STABLE
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
    SET max_parallel_workers_per_gather TO '0'
    SET jit TO 'off'
    AS $$
DECLARE
    asked tsquery := communication.asked(words, '');
    parts text[] := ARRAY(SELECT '%' || w || '%' FROM unnest(string_to_array(words, ' ')) w);
    unheard uuid[] := communication.unheard(reader);
BEGIN
    RETURN ARRAY(
        SELECT s.id FROM (
            SELECT * FROM communication.messages m WHERE m.id < before ORDER BY m.id DESC LIMIT among
        ) s
        WHERE s.content IS NOT NULL AND s.type <> 'system'
            AND (octet_length(s.content) <> char_length(s.content) OR lower(s.content) LIKE ALL (parts))
            AND array_to_tsvector(string_to_array(communication.words(s.content), ' ')) @@ asked
            AND (
                SELECT s.seq > m.joined_seq AND (r.kind = 'direct' OR s.sender_id <> ALL (unheard))
                FROM communication.members m JOIN communication.rooms r ON r.id = m.room_id
                WHERE m.room_id = s.room_id AND m.user_id = reader AND m.left_at IS NULL
            )
        ORDER BY s.id DESC LIMIT most
    );
END $$;

CREATE FUNCTION communication.indexed(room uuid, seq bigint, said text) RETURNS tsvector
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    AS $$
DECLARE
    place text := communication.place(room, seq);
BEGIN
    RETURN array_to_tsvector(string_to_array(place || replace(communication.words(said), ' ', ' ' || place), ' '));
END $$;

CREATE FUNCTION communication.is_avoided(room uuid, sender uuid) RETURNS boolean
    LANGUAGE plpgsql STABLE
    AS $$
BEGIN
    RETURN EXISTS (
        SELECT FROM identity.blocked_pairs b
        WHERE b.one = sender AND (
            SELECT true FROM communication.members m
            WHERE m.room_id = room AND m.user_id = b.other AND m.left_at IS NULL
        )
    );
END $$;

CREATE FUNCTION communication.is_evidence(message uuid) RETURNS boolean
    LANGUAGE plpgsql STABLE
    AS $$
BEGIN
    RETURN EXISTS (
        SELECT FROM interaction.reports r
        WHERE r.subject_type = 'message' AND r.subject_id = message AND r.evidence IS NOT NULL
    );
END $$;

CREATE FUNCTION communication.is_shown(media uuid) RETURNS boolean
    LANGUAGE plpgsql STABLE
    AS $$
BEGIN
    RETURN EXISTS (
        SELECT FROM communication.messages s JOIN communication.rooms r ON r.id = s.room_id
        WHERE s.media_id = media AND s.deleted_at IS NULL AND s.seq > r.forgotten_seq
    );
END $$;

CREATE FUNCTION communication.leave(room uuid, who uuid, by uuid, at timestamp with time zone) RETURNS void
    LANGUAGE plpgsql
    AS $$
DECLARE
    was text;
    heir uuid;
BEGIN
    PERFORM FROM communication.rooms r WHERE r.id = room FOR NO KEY UPDATE;
    SELECT m.role INTO was FROM communication.members m WHERE m.room_id = room AND m.user_id = who AND m.left_at IS NULL;
    IF was IS NULL THEN
        RETURN;
    END IF;
    UPDATE communication.members m SET left_at = at, left_by = by, role = 'member' WHERE m.room_id = room AND m.user_id = who;
    UPDATE communication.invitations i SET revoked_at = at FROM communication.groups g
    WHERE g.room_id = room AND i.group_id = g.id AND i.made_by = who AND i.revoked_at IS NULL;
    PERFORM communication.note(room, CASE WHEN by IS NULL OR by = who THEN 'left' ELSE 'removed' END, who, by, at);
    IF was <> 'owner' THEN
        RETURN;
    END IF;
    SELECT m.user_id INTO heir FROM communication.members m
    WHERE m.room_id = room AND m.left_at IS NULL
    ORDER BY m.role = 'admin' DESC, m.joined_at, m.user_id LIMIT 1;
    IF heir IS NULL THEN
        UPDATE communication.rooms r SET ended_at = at WHERE r.id = room;
    ELSE
        UPDATE communication.members m SET role = 'owner' WHERE m.room_id = room AND m.user_id = heir;
        PERFORM communication.note(room, 'owner', heir, NULL, at);
    END IF;
END $$;

CREATE FUNCTION communication.leave_with_the_account() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM communication.leave(m.room_id, m.user_id, NULL, NEW.deleted_at)
    FROM (
        SELECT own.room_id, own.user_id FROM communication.members own
        JOIN communication.rooms r ON r.id = own.room_id AND r.kind = 'group'
        WHERE own.user_id = NEW.id AND own.left_at IS NULL
        ORDER BY own.room_id
    ) m;
    RETURN NULL;
END $$;

CREATE FUNCTION communication.let_go(media uuid, at timestamp with time zone) RETURNS void
    LANGUAGE plpgsql
    AS $$
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

CREATE FUNCTION communication.may_be_sent(media uuid, sender uuid, kind text, at timestamp with time zone) RETURNS boolean
    LANGUAGE plpgsql STABLE
    AS $$
BEGIN
    RETURN EXISTS (
        SELECT FROM social.media m
        WHERE m.id = media AND m.owner_id = sender AND m.purpose = 'chat' AND m.state = 'ready' AND m.stored
            AND (m.expires_at IS NULL OR m.expires_at > at)
            AND (kind = 'file' OR m.type = CASE kind WHEN 'voice' THEN 'audio' ELSE kind END)
            AND NOT social.is_gone(m.id)
    );
END $$;

CREATE FUNCTION communication.new_id(at timestamp with time zone) RETURNS uuid
    LANGUAGE sql
    AS $$
    SELECT encode(
        set_bit(set_bit(
            substring(int8send((extract(epoch FROM at) * 1000)::bigint) FROM 3) || substring(uuid_send(gen_random_uuid()) FROM 7),
            52, 1
        ), 53, 1), 'hex'
    )::uuid
$$;

CREATE FUNCTION communication.note(room uuid, what text, about uuid, by uuid, at timestamp with time zone) RETURNS void
    LANGUAGE plpgsql
    AS $$
DECLARE
    message uuid := communication.new_id(at);
    seq bigint;
    news bigint;
BEGIN
    UPDATE communication.rooms r SET last_seq = r.last_seq + 1, last_news = r.last_news + 2 WHERE r.id = room
    RETURNING r.last_seq, r.last_news INTO seq, news;
    INSERT INTO communication.messages (id, room_id, seq, type, created_at, system, about_id, by_id)
    VALUES (message, room, seq, 'system', at, what, about, by);
    -- Who has done it has read it, if they had read what came before.
    UPDATE communication.members m SET read_seq = seq, delivered_seq = greatest(m.delivered_seq, seq)
    WHERE m.room_id = room AND m.user_id = coalesce(by, about) AND m.left_at IS NULL AND m.read_seq = seq - 1
        AND (what <> 'owner' OR by IS NOT NULL);
    INSERT INTO communication.outbox (lane, number, event, subject)
    VALUES (room, news - 1, 'chat:message', message), (room, news, 'room:changed', message);
END $$;

CREATE FUNCTION communication.note_change(room uuid) RETURNS void
    LANGUAGE sql
    AS $$
    WITH counted AS (
        UPDATE communication.rooms r SET last_news = r.last_news + 1 WHERE r.id = room RETURNING r.id, r.last_news
    )
    INSERT INTO communication.outbox (lane, number, event, subject) SELECT id, last_news, 'room:changed', id FROM counted
$$;

CREATE FUNCTION communication.place(room uuid, seq bigint) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (("right"((room)::text, 8) || (seq >> 12)) || '.'::text);

CREATE FUNCTION communication.preview(reply uuid, avoided uuid[], joined bigint) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    AS $$
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

CREATE FUNCTION communication.read(room_ids uuid[], user_ids uuid[], seqs bigint[], times timestamp with time zone[]) RETURNS TABLE(n bigint, read_seq bigint, delivered_seq bigint, members uuid[])
    LANGUAGE plpgsql
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
    AS $$
#variable_conflict use_column
BEGIN
    PERFORM FROM unnest(room_ids, user_ids) AS asked (room_id, user_id)
    JOIN communication.members m ON m.room_id = asked.room_id AND m.user_id = asked.user_id
    ORDER BY m.room_id, m.user_id
    FOR NO KEY UPDATE OF m;

    RETURN QUERY
    WITH reader AS (
        SELECT
            asked.n, m.room_id, m.user_id, m.read_seq, m.delivered_seq, least(asked.seq, r.last_seq) AS seq, asked.at,
            r.ended_at IS NULL AS active, r.kind, EXISTS (
                SELECT FROM identity.settings s WHERE s.user_id = m.user_id AND s.read_receipts IS FALSE
            ) AS quiet
        FROM unnest(room_ids, user_ids, seqs, times) WITH ORDINALITY AS asked (room_id, user_id, seq, at, n)
        JOIN communication.members m ON m.room_id = asked.room_id AND m.user_id = asked.user_id AND m.left_at IS NULL
        JOIN communication.rooms r ON r.id = asked.room_id
    ), moved AS (
        UPDATE communication.members m
        SET read_seq = reader.seq, delivered_seq = greatest(m.delivered_seq, reader.seq)
        FROM reader
        WHERE m.room_id = reader.room_id AND m.user_id = reader.user_id AND reader.seq > reader.read_seq
    ), noted AS (
        INSERT INTO communication.reads (room_id, user_id, after_seq, seq, at)
        SELECT room_id, user_id, read_seq, seq, at FROM reader WHERE seq > read_seq AND NOT quiet
    )
    SELECT
        reader.n, greatest(reader.read_seq, reader.seq), greatest(reader.delivered_seq, reader.seq),
        CASE WHEN kind = 'group' AND active AND NOT quiet THEN communication.told_of_reading(room_id, user_id) ELSE ARRAY(
            SELECT m.user_id FROM communication.members m
            WHERE m.room_id = reader.room_id AND m.left_at IS NULL AND (
                m.user_id = reader.user_id OR reader.active AND NOT reader.quiet AND NOT EXISTS (
                    SELECT FROM identity.settings s WHERE s.user_id = m.user_id AND s.read_receipts IS FALSE
                )
            )
            ORDER BY m.user_id
        ) END
    FROM reader;
END $$;

CREATE FUNCTION communication.release(messages uuid[], at timestamp with time zone) RETURNS void
    LANGUAGE plpgsql
    AS $$
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

CREATE FUNCTION communication.room_has_a_connection() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    UPDATE interaction.connections SET room_id = NEW.id WHERE id = NEW.connection_id AND room_id IS NULL;
    RETURN NULL;
END $$;

CREATE FUNCTION communication.say(ids uuid[], room_ids uuid[], sender_ids uuid[], client_ids text[], types text[], contents text[], replies_to uuid[], times timestamp with time zone[]) RETURNS TABLE(n bigint, seq bigint, number bigint, members uuid[])
    LANGUAGE sql
    AS $$
    SELECT s.n, s.seq, s.number, s.members
    FROM communication.say(ids, room_ids, sender_ids, client_ids, types, contents, replies_to, times, '{}'::uuid[]) s
$$;

CREATE FUNCTION communication.say(ids uuid[], room_ids uuid[], sender_ids uuid[], client_ids text[], types text[], contents text[], replies_to uuid[], times timestamp with time zone[], media_ids uuid[]) RETURNS TABLE(n bigint, seq bigint, number bigint, members uuid[], shown jsonb, replied jsonb)
    LANGUAGE plpgsql
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
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

CREATE FUNCTION communication.say_one(id uuid, room uuid, sender uuid, client text, type text, content text, reply uuid, at timestamp with time zone) RETURNS TABLE(n bigint, seq bigint, number bigint, members uuid[])
    LANGUAGE sql
    AS $$
    SELECT s.n, s.seq, s.number, s.members
    FROM communication.say_one(id, room, sender, client, type, content, reply, at, NULL::uuid) s
$$;

CREATE FUNCTION communication.say_one(id uuid, room uuid, sender uuid, client text, type text, content text, reply uuid, at timestamp with time zone, media uuid) RETURNS TABLE(n bigint, seq bigint, number bigint, members uuid[], shown jsonb, replied jsonb)
    LANGUAGE plpgsql
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
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

CREATE FUNCTION communication.shown(media uuid) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    AS $$
BEGIN
    RETURN (SELECT to_jsonb(m) FROM social.media m WHERE m.id = media AND m.stored AND m.state = 'ready');
END $$;

CREATE FUNCTION communication.shown_to_me(message uuid) RETURNS jsonb
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    RETURN (
        SELECT communication.shown(s.media_id) FROM communication.messages s
        JOIN communication.members m ON m.room_id = s.room_id AND m.user_id = identity.me() AND m.left_at IS NULL
        WHERE s.id = message AND s.seq > m.joined_seq AND s.deleted_at IS NULL
    );
END $$;

CREATE FUNCTION communication.told_of_reading(room uuid, reader uuid) RETURNS uuid[]
    LANGUAGE plpgsql STABLE
    AS $$
DECLARE
    unheard uuid[] := communication.avoided(room, reader);
BEGIN
    IF (
        SELECT count(*) FROM (SELECT FROM communication.members m WHERE m.room_id = room AND m.left_at IS NULL LIMIT 51) few
    ) > 50 THEN
        RETURN ARRAY[reader];
    END IF;
    RETURN ARRAY(
        SELECT m.user_id FROM communication.members m
        WHERE m.room_id = room AND m.left_at IS NULL AND (
            m.user_id = reader OR m.user_id <> ALL (unheard) AND NOT EXISTS (
                SELECT FROM identity.settings s WHERE s.user_id = m.user_id AND s.read_receipts IS FALSE
            )
        )
        ORDER BY m.user_id
    );
END $$;

CREATE FUNCTION communication.unaware(room uuid, message uuid) RETURNS uuid[]
    LANGUAGE plpgsql STABLE
    AS $$
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

CREATE TABLE identity.blocks (
    blocker_id uuid NOT NULL,
    blocked_id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT nobody_blocks_themselves CHECK ((blocker_id <> blocked_id))
);

CREATE TABLE safety.apart (
    one uuid NOT NULL,
    other uuid NOT NULL,
    suspected uuid NOT NULL
);

CREATE VIEW identity.blocked_pairs AS
 SELECT blocks.blocker_id AS one,
    blocks.blocked_id AS other
   FROM identity.blocks
UNION ALL
 SELECT blocks.blocked_id AS one,
    blocks.blocker_id AS other
   FROM identity.blocks
UNION ALL
 SELECT apart.one,
    apart.other
   FROM safety.apart;

COMMENT ON VIEW identity.blocked_pairs IS 'Two between whom a block stands, whoever has blocked; or of whom one may be somebody, banned since, whom the other has
blocked or reported: each pair in both orders.';

CREATE FUNCTION communication.unheard(reader uuid) RETURNS uuid[]
    LANGUAGE sql STABLE
    RETURN ARRAY(SELECT b.other FROM identity.blocked_pairs b WHERE (b.one = unheard.reader));

CREATE FUNCTION communication.words(said text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    AS $$
DECLARE
    words text;
BEGIN
    IF octet_length(said) = char_length(said) THEN
        words := trim(regexp_replace(lower(said), '[^a-z0-9]+', ' ', 'g'));
    ELSE
        words := places.words(said);
    END IF;
    IF words ~ '[^ ]{41}' THEN
        words := regexp_replace(words, '([^ ]{40})[^ ]+', '\1', 'g');
    END IF;
    RETURN nullif(words, '');
END $$;

CREATE TABLE identity.bans (
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    reason text NOT NULL,
    created_by uuid,
    created_at timestamp with time zone NOT NULL,
    until timestamp with time zone,
    lifted_at timestamp with time zone,
    begins_at timestamp with time zone,
    during tstzrange GENERATED ALWAYS AS (
CASE
    WHEN ((lifted_at IS NOT NULL) OR (until <= begins_at)) THEN 'empty'::tstzrange
    ELSE tstzrange(begins_at, until)
END) STORED NOT NULL,
    enforced_at timestamp with time zone,
    taken_until timestamp with time zone DEFAULT '-infinity'::timestamp with time zone NOT NULL,
    strike_id uuid,
    CONSTRAINT bans_reason_check CHECK (((char_length(reason) >= 1) AND (char_length(reason) <= 2000)))
);

CREATE TABLE identity.erasures (
    user_id uuid NOT NULL,
    asked_at timestamp with time zone NOT NULL,
    erases_at timestamp with time zone NOT NULL,
    begun_at timestamp with time zone,
    done_at timestamp with time zone,
    CONSTRAINT begun_before_done CHECK (((done_at IS NULL) OR (begun_at IS NOT NULL)))
);

ALTER TABLE ONLY identity.erasures FORCE ROW LEVEL SECURITY;

CREATE FUNCTION identity.banned(at timestamp with time zone) RETURNS TABLE(user_id uuid)
    LANGUAGE sql STABLE
    BEGIN ATOMIC
 SELECT b.user_id
    FROM identity.bans b
   WHERE (b.during @> banned.at)
 UNION ALL
  SELECT e.user_id
    FROM identity.erasures e;
END;

COMMENT ON FUNCTION identity.banned(at timestamp with time zone) IS 'Users who are out at this time: with a ban that holds, or with an account that awaits erasure.
A user may come several times.';

CREATE FUNCTION identity.enforce_anew() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    NEW.enforced_at := NULL;
    NEW.taken_until := '-infinity';
    RETURN NEW;
END
$$;

CREATE FUNCTION identity.forget_activity() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    DELETE FROM identity.activity WHERE user_id = NEW.id;
    RETURN NULL;
END $$;

CREATE FUNCTION identity.forget_devices() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    DELETE FROM identity.devices WHERE session_id = OLD.id;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;

CREATE FUNCTION identity.forget_email_hash() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    NEW.email_hash := NULL;
    RETURN NEW;
END $$;

CREATE FUNCTION identity.forget_who_had_it() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    UPDATE identity.former_usernames SET user_id = NULL WHERE user_id = NEW.id;
    RETURN NULL;
END $$;

CREATE PROCEDURE identity.guard_rows(IN guarded regclass, IN own text)
    LANGUAGE plpgsql
    AS $$
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

COMMENT ON PROCEDURE identity.guard_rows(IN guarded regclass, IN own text) IS 'From now on app_user sees rows of this table alone of which `own` is true, a condition on identity.me(). What it may do with them is
granted apart. The table is named in db/postgres/own_rows.py too.';

CREATE FUNCTION identity.keep_logins() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF NEW.deleted_at IS NOT NULL THEN
        DELETE FROM identity.logins WHERE user_id = NEW.id;
    ELSIF NEW.password_hash IS NULL THEN
        DELETE FROM identity.logins WHERE user_id = NEW.id AND provider = 'password';
    ELSE
        INSERT INTO identity.logins (id, user_id, provider, created_at)
        VALUES (NEW.id, NEW.id, 'password', NEW.updated_at) ON CONFLICT DO NOTHING;
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION identity.me() RETURNS uuid
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid;

COMMENT ON FUNCTION identity.me() IS 'Whose rows are seen by whoever has taken the role app_user; null: nobody''s.';

CREATE FUNCTION identity.merged_settings(own jsonb, patch jsonb) RETURNS jsonb
    LANGUAGE sql IMMUTABLE
    AS $$
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

COMMENT ON FUNCTION identity.merged_settings(own jsonb, patch jsonb) IS 'These settings with the patch: what it does not name stays, null clears.';

CREATE FUNCTION identity.name_shown_to_me(other uuid, at timestamp with time zone) RETURNS text
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
    AS $$
BEGIN
    RETURN (
        SELECT p.display_name FROM identity.visible_to(identity.me(), at) seen
        JOIN identity.profiles p ON p.user_id = seen.user_id
        WHERE seen.user_id = other
    );
END $$;

COMMENT ON FUNCTION identity.name_shown_to_me(other uuid, at timestamp with time zone) IS 'The name of somebody whom the user for whom app_user acts may see at this time; null: they may not, or there is no such user.';

CREATE FUNCTION identity.note_activity() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO identity.activity AS known (user_id, last_login, last_active)
    VALUES (NEW.user_id, NEW.created_at, NEW.last_used_at)
    ON CONFLICT (user_id) DO UPDATE SET
        last_login = greatest(known.last_login, excluded.last_login),
        last_active = greatest(known.last_active, excluded.last_active);
    RETURN NULL;
END $$;

CREATE FUNCTION identity.refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    RAISE EXCEPTION '% of % is refused: it is only ever added to', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END
$$;

CREATE FUNCTION identity.under_ban(at timestamp with time zone) RETURNS TABLE(user_id uuid)
    LANGUAGE sql STABLE
    BEGIN ATOMIC
 SELECT b.user_id
    FROM identity.bans b
   WHERE (b.during @> under_ban.at);
END;

COMMENT ON FUNCTION identity.under_ban(at timestamp with time zone) IS 'Users with a ban that holds at this time; a user with two of them comes twice.';

CREATE FUNCTION identity.username_is_free() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF EXISTS (
        SELECT FROM identity.former_usernames f
        WHERE f.username = lower(NEW.username) AND f.user_id IS DISTINCT FROM NEW.id AND f.until > NEW.updated_at
    ) THEN
        RAISE unique_violation USING MESSAGE = 'This username is reserved.', CONSTRAINT = 'one_account_a_username';
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION identity.verify_by_login() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    UPDATE identity.users SET verified_at = NEW.created_at WHERE id = NEW.user_id AND verified_at IS NULL;
    RETURN NULL;
END
$$;

CREATE TABLE identity.users (
    id uuid NOT NULL,
    email text,
    username text,
    password_hash text,
    role text DEFAULT 'user'::text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    deleted_at timestamp with time zone,
    tier text DEFAULT 'neutral'::text NOT NULL,
    verified_at timestamp with time zone,
    judged_at timestamp with time zone DEFAULT '-infinity'::timestamp with time zone NOT NULL,
    email_verified_at timestamp with time zone,
    email_hash bytea,
    probe boolean DEFAULT false NOT NULL,
    CONSTRAINT only_the_erased_have_no_name CHECK (((deleted_at IS NOT NULL) OR (username IS NOT NULL))),
    CONSTRAINT users_email_hash_check CHECK ((octet_length(email_hash) = 32)),
    CONSTRAINT users_role_check CHECK ((role = ANY (ARRAY['user'::text, 'moderator'::text, 'admin'::text]))),
    CONSTRAINT users_tier_check CHECK ((tier = ANY (ARRAY['trusted'::text, 'neutral'::text, 'suspect'::text]))),
    CONSTRAINT users_username_check CHECK (((char_length(username) >= 1) AND (char_length(username) <= 50)))
);

ALTER TABLE ONLY identity.users FORCE ROW LEVEL SECURITY;

CREATE FUNCTION identity.visible_to(viewer uuid, at timestamp with time zone) RETURNS TABLE(user_id uuid)
    LANGUAGE sql STABLE
    BEGIN ATOMIC
 SELECT u.id
    FROM identity.users u
   WHERE ((u.deleted_at IS NULL) AND (NOT (EXISTS ( SELECT
            FROM identity.banned(visible_to.at) b(user_id)
           WHERE (b.user_id = u.id)))) AND (NOT (EXISTS ( SELECT
            FROM identity.blocked_pairs p
           WHERE ((p.one = visible_to.viewer) AND (p.other = u.id))))) AND (u.probe = COALESCE(( SELECT v.probe
            FROM identity.users v
           WHERE (v.id = visible_to.viewer)), false)));
END;

COMMENT ON FUNCTION identity.visible_to(viewer uuid, at timestamp with time zone) IS 'The rule: users whom the viewer may see at this time. Their account stands, they are not banned, and neither has
blocked the other. What it means in each of its uses:
a profile is shown to those to whom its user is visible;
a list shows the card of a visible user with whom one is connected, and of anybody else a name;
friends, requests and suggestions are those whose user is visible;
one may block those whom one sees, and those whom one has met;
two may be offered to each other while each is visible to the other (the fence asks for the parts, to tell whose fault it is);
a stored message is announced to the members to whom its sender is visible;
presence is shown to friends and to those with an active connection, which a block ends; a ban ends what there is to show;
a feed or a search joins this relation.';

CREATE FUNCTION jobs.count_lost_try() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    NEW.attempts := OLD.attempts + 1;
    RETURN NEW;
END
$$;

CREATE FUNCTION places.asked_patterns(words text) RETURNS text[]
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    AS $$
    SELECT coalesce(array_agg(CASE WHEN length(word) < 3 THEN '% ' ELSE '%' END || word || '%'), '{}')
    FROM unnest(string_to_array(words, ' ')) AS word
$$;

COMMENT ON FUNCTION places.asked_patterns(words text) IS 'The same as patterns of LIKE for words with a blank before them, to be sure.';

CREATE FUNCTION places.asked_trigrams(words text) RETURNS text[]
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    AS $$
    SELECT coalesce(array_agg(DISTINCT substr(part, n, 3)), '{}')
    FROM unnest(string_to_array(words, ' ')) AS word,
        LATERAL (SELECT CASE WHEN length(word) < 3 THEN right('  ' || word, 3) ELSE word END) AS parts (part),
        generate_series(1, length(part) - 2) AS n
$$;

COMMENT ON FUNCTION places.asked_trigrams(words text) IS 'The trigrams that words have which hold all of these: those of one or two letters as a beginning, others anywhere.';

CREATE FUNCTION places.cancel_sessions(one uuid, other uuid, at timestamp with time zone) RETURNS void
    LANGUAGE sql
    AS $$
    UPDATE places.mentor_sessions SET status = 'cancelled', decided_at = at
    WHERE status = 'scheduled' AND ends_at > at AND (
        user_id = one AND mentor_user_id = coalesce(other, mentor_user_id)
        OR mentor_user_id = one AND user_id = coalesce(other, user_id)
    )
$$;

COMMENT ON FUNCTION places.cancel_sessions(one uuid, other uuid, at timestamp with time zone) IS 'Those of the first that are not over: with the other, or (null) with anybody.';

CREATE FUNCTION places.count_mentor_review() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    UPDATE places.mentors m
    SET review_count = m.review_count + change.count, rating_sum = m.rating_sum + change.sum
    FROM (
        SELECT one.mentor_id, sum(one.count) AS count, sum(one.count * one.rating) AS sum
        FROM (
            SELECT OLD.mentor_id, -1 AS count, OLD.rating WHERE TG_OP <> 'INSERT' AND OLD.hidden_at IS NULL
            UNION ALL
            SELECT NEW.mentor_id, 1, NEW.rating WHERE TG_OP <> 'DELETE' AND NEW.hidden_at IS NULL
        ) one
        GROUP BY one.mentor_id
    ) change
    WHERE m.id = change.mentor_id AND (change.count, change.sum) <> (0, 0);
    RETURN NULL;
END $$;

CREATE FUNCTION places.count_review() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    UPDATE places.locations l
    SET review_count = l.review_count + change.count, rating_sum = l.rating_sum + change.sum
    FROM (
        SELECT one.location_id, sum(one.count) AS count, sum(one.count * one.rating) AS sum
        FROM (
            SELECT OLD.location_id, -1 AS count, OLD.rating WHERE TG_OP <> 'INSERT' AND OLD.hidden_at IS NULL
            UNION ALL
            SELECT NEW.location_id, 1, NEW.rating WHERE TG_OP <> 'DELETE' AND NEW.hidden_at IS NULL
        ) one
        GROUP BY one.location_id
    ) change
    WHERE l.id = change.location_id AND (change.count, change.sum) <> (0, 0);
    RETURN NULL;
END $$;

CREATE FUNCTION places.distance_m(one point, other point) RETURNS double precision
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
    SELECT 2 * 6371008.8 * asin(least(1.0, sqrt(
        sin(radians(other[1] - one[1]) / 2) ^ 2
        + cos(radians(one[1])) * cos(radians(other[1])) * sin(radians(other[0] - one[0]) / 2) ^ 2
    )))
$$;

COMMENT ON FUNCTION places.distance_m(one point, other point) IS 'Metres between two points (longitude, latitude) along the surface of a sphere.';

CREATE FUNCTION places.drop_quarters(before date) RETURNS bigint
    LANGUAGE plpgsql
    SET lock_timeout TO '3s'
    AS $_$
DECLARE part record; dropped bigint := 0;
BEGIN
    FOR part IN
        SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'places.check_ins'::regclass AND c.relname ~ '^check_ins_\d{4}q[1-4]$'
            AND make_date(substr(c.relname, 11, 4)::int, 3 * substr(c.relname, 16, 1)::int - 2, 1) + interval '3 months' <= before
    LOOP
        EXECUTE format('DROP TABLE places.%I', part.relname);
        dropped := dropped + 1;
    END LOOP;
    DELETE FROM places.check_ins_other WHERE local_day < before;
    RETURN dropped;
END $_$;

COMMENT ON FUNCTION places.drop_quarters(before date) IS 'Drop the parts of quarters that were over by that day. How many.';

CREATE FUNCTION places.has_been_at(visitor uuid, place uuid) RETURNS boolean
    LANGUAGE sql STABLE
    AS $$
    SELECT EXISTS (
        SELECT FROM places.check_ins c
        WHERE c.user_id = visitor AND c.location_id = place AND c.verified_by IS NOT NULL AND c.flagged_at IS NULL
    )
$$;

COMMENT ON FUNCTION places.has_been_at(visitor uuid, place uuid) IS 'Whether a check-in of this user at this place was verified, and nobody has flagged it.';

CREATE FUNCTION places.haunts(visitor uuid, since date, most integer) RETURNS uuid[]
    LANGUAGE plpgsql STABLE
    AS $$
BEGIN
    RETURN ARRAY(
        SELECT c.location_id FROM places.check_ins c
        WHERE c.user_id = visitor AND c.local_day >= since AND c.counts
        GROUP BY c.location_id
        ORDER BY count(*) DESC, max(c.local_day) DESC, c.location_id LIMIT most
    );
END $$;

COMMENT ON FUNCTION places.haunts(visitor uuid, since date, most integer) IS 'Where somebody has checked in so that it counts, from that day on: where most often first.';

CREATE FUNCTION places.hide_review() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    UPDATE places.reviews r
    SET hidden_at = CASE WHEN judged.is_wrong THEN now() END
    FROM (
        SELECT own.id, own.hidden_at IS NOT NULL AS was_hidden, EXISTS (
            SELECT FROM interaction.reports told
            WHERE told.subject_type = 'review' AND told.subject_id = own.id AND told.status = 'actioned'
        ) AS is_wrong
        FROM places.reviews own WHERE own.id = NEW.subject_id
    ) judged
    WHERE r.id = judged.id AND judged.was_hidden <> judged.is_wrong;
    RETURN NULL;
END $$;

CREATE FUNCTION places.trigrams(words text) RETURNS text[]
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    AS $$
    SELECT coalesce(array_agg(DISTINCT substr('  ' || word, n, 3)), '{}')
    FROM unnest(string_to_array(words, ' ')) AS word, generate_series(1, length(word)) AS n
$$;

COMMENT ON FUNCTION places.trigrams(words text) IS 'All that is three letters long in these words; each begins with two blanks.';

CREATE FUNCTION places.words(given text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    AS $$
    SELECT trim(regexp_replace(
        replace(lower(regexp_replace(normalize(given, NFKD), '[\u0300-\u036f]', '', 'g')), 'ß', 'ss'),
        '[^[:alnum:]]+', ' ', 'g'
    ))
$$;

COMMENT ON FUNCTION places.words(given text) IS 'Words as they are looked for: in small letters, without accents, one blank between two.';

CREATE TABLE places.locations (
    id uuid NOT NULL,
    name text NOT NULL,
    type text NOT NULL,
    address text NOT NULL,
    city text NOT NULL,
    country text NOT NULL,
    "position" point NOT NULL,
    radius_m integer DEFAULT 100 NOT NULL,
    hours jsonb,
    description text,
    amenities text[] DEFAULT '{}'::text[] NOT NULL,
    anxiety_level text,
    contact jsonb DEFAULT '{}'::jsonb NOT NULL,
    media_ids uuid[] DEFAULT '{}'::uuid[] NOT NULL,
    verified boolean DEFAULT false NOT NULL,
    beginner_friendly boolean DEFAULT false NOT NULL,
    has_qr_reward boolean DEFAULT false NOT NULL,
    code_version integer DEFAULT 1 NOT NULL,
    partner_id uuid,
    active boolean DEFAULT true NOT NULL,
    rating_sum integer DEFAULT 0 NOT NULL,
    review_count integer DEFAULT 0 NOT NULL,
    check_in_count integer DEFAULT 0 NOT NULL,
    source text,
    source_id text,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    words text GENERATED ALWAYS AS (places.words(((((name || ' '::text) || address) || ' '::text) || city))) STORED NOT NULL,
    trigrams text[] GENERATED ALWAYS AS (places.trigrams(places.words(((((name || ' '::text) || address) || ' '::text) || city)))) STORED NOT NULL,
    CONSTRAINT locations_anxiety_level_check CHECK ((anxiety_level = ANY (ARRAY['low'::text, 'medium'::text, 'high'::text]))),
    CONSTRAINT locations_check_in_count_check CHECK ((check_in_count >= 0)),
    CONSTRAINT locations_country_check CHECK ((country ~ '^[A-Z]{2}$'::text)),
    CONSTRAINT locations_name_check CHECK ((name <> ''::text)),
    CONSTRAINT locations_position_check CHECK (((("position"[0] >= ('-180'::integer)::double precision) AND ("position"[0] <= (180)::double precision)) AND (("position"[1] >= ('-90'::integer)::double precision) AND ("position"[1] <= (90)::double precision)))),
    CONSTRAINT locations_radius_m_check CHECK (((radius_m >= 10) AND (radius_m <= 10000))),
    CONSTRAINT locations_type_check CHECK ((type = ANY (ARRAY['coffee'::text, 'gym'::text, 'mentor'::text, 'nutrition'::text, 'partner'::text]))),
    CONSTRAINT rated_from_one_to_five CHECK (((rating_sum >= review_count) AND (rating_sum <= (review_count * 5)))),
    CONSTRAINT source_with_its_id CHECK (((source IS NULL) = (source_id IS NULL)))
)
WITH (fillfactor='80');

COMMENT ON COLUMN places.locations."position" IS 'Longitude, latitude.';

COMMENT ON COLUMN places.locations.code_version IS 'Of the code that is shown there; another one voids what was copied.';

COMMENT ON COLUMN places.locations.source IS 'Where it was imported from, and its id there.';

CREATE TABLE places.partner_staff (
    partner_id uuid NOT NULL,
    user_id uuid NOT NULL,
    since timestamp with time zone NOT NULL
);

CREATE TABLE places.partners (
    id uuid NOT NULL,
    name text NOT NULL,
    type text,
    partnership_level text NOT NULL,
    description text,
    contact jsonb DEFAULT '{}'::jsonb NOT NULL,
    active boolean DEFAULT true NOT NULL,
    budget integer,
    granted integer DEFAULT 0 NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT partners_budget_check CHECK ((budget >= 0)),
    CONSTRAINT partners_granted_check CHECK ((granted >= 0)),
    CONSTRAINT partners_name_check CHECK ((name <> ''::text)),
    CONSTRAINT partners_partnership_level_check CHECK ((partnership_level = ANY (ARRAY['bronze'::text, 'silver'::text, 'gold'::text, 'platinum'::text]))),
    CONSTRAINT within_the_budget_of_the_partner CHECK ((granted <= budget))
);

COMMENT ON COLUMN places.partners.budget IS 'How many rewards may be granted that are redeemed there alone; null: any number.';

CREATE FUNCTION places.is_staff_at(asked uuid, place uuid) RETURNS boolean
    LANGUAGE sql STABLE
    BEGIN ATOMIC
 SELECT (EXISTS ( SELECT
            FROM ((places.locations l
              JOIN places.partners p ON (((p.id = l.partner_id) AND p.active)))
              JOIN places.partner_staff s ON (((s.partner_id = p.id) AND (s.user_id = is_staff_at.asked))))
           WHERE (l.id = is_staff_at.place))) AS "exists";
END;

COMMENT ON FUNCTION places.is_staff_at(asked uuid, place uuid) IS 'Whether a user works at this place: as staff of its partner.';

CREATE FUNCTION places.make_quarter(begins date) RETURNS boolean
    LANGUAGE plpgsql
    SET lock_timeout TO '3s'
    AS $$
DECLARE
    part text := 'check_ins_' || to_char(begins, 'YYYY"q"Q');
    beyond date := begins + interval '3 months';
BEGIN
    IF to_regclass('places.' || part) IS NOT NULL THEN
        RETURN false;
    END IF;
    LOCK TABLE places.check_ins IN SHARE ROW EXCLUSIVE MODE;  -- nobody writes meanwhile, all may read
    IF to_regclass('places.' || part) IS NOT NULL THEN
        RETURN false;
    END IF;
    EXECUTE format('CREATE TABLE places.%I (LIKE places.check_ins INCLUDING ALL)', part);
    EXECUTE format(
        'WITH moved AS (DELETE FROM places.check_ins_other WHERE local_day >= %L AND local_day < %L RETURNING *)'
        ' INSERT INTO places.%I SELECT * FROM moved', begins, beyond, part
    );
    EXECUTE format('ALTER TABLE places.check_ins ATTACH PARTITION places.%I FOR VALUES FROM (%L) TO (%L)', part, begins, beyond);
    RETURN true;
END $$;

COMMENT ON FUNCTION places.make_quarter(begins date) IS 'Make the part for the quarter that begins on that day, with what was stored before it was made. Whether it was not there.';

CREATE FUNCTION places.part_by_block() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM places.cancel_sessions(NEW.blocker_id, NEW.blocked_id, NEW.created_at);
    RETURN NULL;
END $$;

CREATE FUNCTION places.part_by_leaving() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM places.cancel_sessions(NEW.user_id, NULL, NEW.asked_at);
    RETURN NULL;
END $$;

CREATE FUNCTION places.partner_name(asked uuid) RETURNS text
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    BEGIN ATOMIC
 SELECT p.name
    FROM places.partners p
   WHERE (p.id = partner_name.asked);
END;

COMMENT ON FUNCTION places.partner_name(asked uuid) IS 'The name of a partner, for whoever has a reward of theirs too.';

CREATE TABLE places.rewards (
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    rule_id uuid NOT NULL,
    occasion text NOT NULL,
    partner_id uuid,
    type text NOT NULL,
    title text NOT NULL,
    description text,
    earned_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone,
    redeemed_at timestamp with time zone,
    reversed_at timestamp with time zone,
    expired_at timestamp with time zone,
    replaces uuid,
    CONSTRAINT redeemed_or_expired CHECK (((redeemed_at IS NULL) OR (expired_at IS NULL))),
    CONSTRAINT reversed_after_it_was_redeemed CHECK (((reversed_at IS NULL) OR (redeemed_at IS NOT NULL))),
    CONSTRAINT rewards_type_check CHECK ((type = ANY (ARRAY['coffee'::text, 'gym_pass'::text, 'discount'::text, 'badge'::text])))
);

ALTER TABLE ONLY places.rewards FORCE ROW LEVEL SECURITY;

COMMENT ON COLUMN places.rewards.occasion IS 'By which one rule grants nothing twice: the how manieth of what is counted; else empty.';

COMMENT ON COLUMN places.rewards.expired_at IS 'When it was noted that it has expired; it has since expires_at.';

COMMENT ON COLUMN places.rewards.replaces IS 'Whose redemption was reversed: this is the same again, and counts towards no budget.';

CREATE FUNCTION places.reward_state(reward places.rewards, at timestamp with time zone) RETURNS text
    LANGUAGE sql STABLE
    BEGIN ATOMIC
 SELECT
         CASE
             WHEN ((reward).reversed_at IS NOT NULL) THEN 'reversed'::text
             WHEN ((reward).redeemed_at IS NOT NULL) THEN 'redeemed'::text
             WHEN ((reward).expires_at <= at) THEN 'expired'::text
             ELSE 'open'::text
         END AS "case";
END;

COMMENT ON FUNCTION places.reward_state(reward places.rewards, at timestamp with time zone) IS 'What has become of a reward by a time; an expiry is not always noted yet.';

CREATE FUNCTION safety.apart_by_block() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM safety.keep_apart(array_agg(s.user_id)) FROM safety.suspicions s
    WHERE s.of_user_id = coalesce(NEW.blocked_id, OLD.blocked_id) AND s.cleared_at IS NULL HAVING count(*) > 0;
    RETURN NULL;
END
$$;

CREATE FUNCTION safety.apart_by_connection() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM safety.keep_apart(array_agg(DISTINCT s.user_id)) FROM safety.suspicions s
    WHERE s.user_id IN (NEW.user_a, NEW.user_b) AND s.cleared_at IS NULL HAVING count(*) > 0;
    RETURN NULL;
END
$$;

CREATE FUNCTION safety.apart_by_report() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM safety.keep_apart(array_agg(s.user_id)) FROM safety.suspicions s
    WHERE s.of_user_id = NEW.reported_id AND s.cleared_at IS NULL HAVING count(*) > 0;
    RETURN NULL;
END
$$;

CREATE FUNCTION safety.apart_by_suspicion() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM FROM identity.users
    WHERE id IN (coalesce(NEW.of_user_id, OLD.of_user_id), coalesce(NEW.user_id, OLD.user_id))
    ORDER BY id FOR NO KEY UPDATE;
    IF TG_OP = 'INSERT' THEN
        IF NOT EXISTS (SELECT FROM identity.bans b WHERE b.user_id = NEW.of_user_id AND b.lifted_at IS NULL) THEN
            DELETE FROM safety.suspicions WHERE user_id = NEW.user_id AND of_user_id = NEW.of_user_id;
            RETURN NULL;
        END IF;
        PERFORM safety.part(ARRAY[NEW.user_id], NEW.of_user_id);
    ELSE
        PERFORM safety.keep_apart(ARRAY[coalesce(NEW.user_id, OLD.user_id)]);
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION safety.bar_marks() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    UPDATE safety.known_marks SET barred = true WHERE user_id = NEW.user_id AND NOT barred;
    RETURN NULL;
END
$$;

CREATE FUNCTION safety.drop_suspicions() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    DELETE FROM safety.suspicions s WHERE s.of_user_id = NEW.user_id AND NOT EXISTS (
        SELECT FROM identity.bans b WHERE b.user_id = NEW.user_id AND b.lifted_at IS NULL
    );
    RETURN NULL;
END
$$;

CREATE FUNCTION safety.gather() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
DECLARE gathered uuid;
BEGIN
    INSERT INTO safety.cases AS c (id, user_id, severity, opened_at)
    VALUES (NEW.id, NEW.reported_id, safety.severity(NEW.reason), NEW.created_at)
    ON CONFLICT (user_id) WHERE state <> 'decided' DO UPDATE SET severity = greatest(c.severity, excluded.severity)
    RETURNING c.id INTO gathered;
    UPDATE interaction.reports SET case_id = gathered, subject_id = coalesce(subject_id, call_id) WHERE id = NEW.id;
    RETURN NULL;
END
$$;

CREATE FUNCTION safety.keep_apart(suspects uuid[]) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    DELETE FROM safety.apart a WHERE a.suspected = ANY (suspects) AND NOT EXISTS (
        SELECT FROM safety.suspected_pairs p
        WHERE p.suspected = a.suspected AND p.avoider IN (a.one, a.other)
    );
    PERFORM safety.part(suspects, NULL);
END
$$;

CREATE FUNCTION safety.part(suspects uuid[], old uuid) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    WITH new AS (
        INSERT INTO safety.apart (one, other, suspected)
        SELECT pair.one, pair.other, p.suspected
        FROM safety.suspected_pairs p
        CROSS JOIN LATERAL (VALUES (p.suspected, p.avoider), (p.avoider, p.suspected)) AS pair (one, other)
        WHERE p.suspected = ANY (suspects) AND (old IS NULL OR p.of_user_id = old)
        ON CONFLICT DO NOTHING
        RETURNING one, other, suspected
    )
    -- In the name of who has blocked or reported. The call may also be over and wait for a decision.
    INSERT INTO interaction.pending_blocks (id, blocker_id, blocked_id)
    SELECT gen_random_uuid(), new.one, new.other
    FROM new
    WHERE new.other = new.suspected AND EXISTS (
        SELECT FROM interaction.call_participants own
        JOIN interaction.call_participants peer ON peer.call_id = own.call_id AND peer.user_id = new.one
        JOIN interaction.calls c ON c.id = own.call_id
        WHERE own.user_id = new.other AND (own.active OR (c.decision_deadline IS NOT NULL AND c.closed_at IS NULL))
    );
END
$$;

CREATE FUNCTION safety.severity(reason text) RETURNS integer
    LANGUAGE sql IMMUTABLE
    BEGIN ATOMIC
 SELECT
         CASE reason
             WHEN 'underage'::text THEN 100
             WHEN 'violence'::text THEN 80
             WHEN 'self_harm'::text THEN 80
             WHEN 'nudity'::text THEN 60
             WHEN 'hate'::text THEN 60
             WHEN 'harassment'::text THEN 60
             WHEN 'impersonation'::text THEN 40
             WHEN 'scam'::text THEN 40
             WHEN 'spam'::text THEN 20
             WHEN 'other'::text THEN 10
             ELSE 0
         END AS "case";
END;

CREATE FUNCTION social.answers_go() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    UPDATE social.comments SET content = NULL, deleted_at = NEW.deleted_at WHERE reply_to = NEW.id AND deleted_at IS NULL;
    RETURN NULL;
END $$;

CREATE TABLE social.comments (
    id uuid NOT NULL,
    post_id uuid NOT NULL,
    author_id uuid NOT NULL,
    reply_to uuid,
    content text,
    created_at timestamp with time zone NOT NULL,
    edited_at timestamp with time zone,
    held_at timestamp with time zone,
    deleted_at timestamp with time zone,
    passed_at timestamp with time zone,
    CONSTRAINT words_until_deleted CHECK (((content IS NULL) = (deleted_at IS NOT NULL)))
);

COMMENT ON COLUMN social.comments.passed_at IS 'As of posts.';

CREATE FUNCTION social.comments_shown_to(viewer uuid, at timestamp with time zone) RETURNS TABLE(comment_id uuid)
    LANGUAGE sql STABLE
    BEGIN ATOMIC
 SELECT c.id
    FROM (social.comments c
      LEFT JOIN social.comments answered ON ((answered.id = c.reply_to)))
   WHERE ((c.deleted_at IS NULL) AND ((c.author_id = comments_shown_to.viewer) OR ((c.held_at IS NULL) AND (EXISTS ( SELECT
            FROM identity.visible_to(comments_shown_to.viewer, comments_shown_to.at) seen(user_id)
           WHERE (seen.user_id = c.author_id))))) AND ((answered.id IS NULL) OR (answered.author_id = comments_shown_to.viewer) OR ((answered.held_at IS NULL) AND (EXISTS ( SELECT
            FROM identity.visible_to(comments_shown_to.viewer, comments_shown_to.at) seen(user_id)
           WHERE (seen.user_id = answered.author_id))))));
END;

COMMENT ON FUNCTION social.comments_shown_to(viewer uuid, at timestamp with time zone) IS 'Comments that the viewer sees on posts that they see: visible is who has said it, and who has said what it answers.';

CREATE FUNCTION social.contacts_are_sent() RETURNS void
    LANGUAGE sql
    RETURN pg_advisory_xact_lock_shared(hashtextextended('contacts'::text, (0)::bigint));

CREATE FUNCTION social.count_comments() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
DECLARE changes jsonb;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        SELECT jsonb_object_agg(post_id, n) INTO changes FROM (
            SELECT c.post_id, sum((c.deleted_at IS NULL)::int - (b.deleted_at IS NULL)::int) AS n
            FROM changed c JOIN before b ON b.id = c.id GROUP BY c.post_id
        ) c WHERE n <> 0;
    ELSE
        SELECT jsonb_object_agg(post_id, n) INTO changes FROM (
            SELECT post_id, CASE TG_OP WHEN 'INSERT' THEN count(*) ELSE -count(*) END AS n
            FROM changed WHERE deleted_at IS NULL GROUP BY post_id
        ) c;
    END IF;
    IF changes IS NOT NULL THEN
        PERFORM social.count_on_posts(changes, 'comments');
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION social.count_likes() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
DECLARE changes jsonb;
BEGIN
    SELECT jsonb_object_agg(post_id, n) INTO changes
    FROM (SELECT post_id, CASE TG_OP WHEN 'INSERT' THEN count(*) ELSE -count(*) END AS n FROM changed GROUP BY post_id) c;
    IF changes IS NOT NULL THEN
        PERFORM social.count_on_posts(changes, 'likes');
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION social.count_on_posts(changes jsonb, what text) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM FROM social.posts p WHERE p.id IN (SELECT key::uuid FROM jsonb_each(changes)) ORDER BY p.id FOR NO KEY UPDATE;
    IF what = 'likes' THEN
        UPDATE social.posts p SET like_count = p.like_count + c.value::int FROM jsonb_each_text(changes) c WHERE p.id = c.key::uuid;
    ELSE
        UPDATE social.posts p SET comment_count = p.comment_count + c.value::int FROM jsonb_each_text(changes) c WHERE p.id = c.key::uuid;
    END IF;
END $$;

CREATE FUNCTION social.drop_contacts() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    DELETE FROM social.contacts WHERE owner_id = NEW.id;
    RETURN NULL;
END $$;

CREATE FUNCTION social.drop_quarters(before timestamp with time zone) RETURNS bigint
    LANGUAGE plpgsql
    SET lock_timeout TO '3s'
    AS $_$
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
END $_$;

COMMENT ON FUNCTION social.drop_quarters(before timestamp with time zone) IS 'Drop the parts of quarters that were over by then. How many.';

CREATE FUNCTION social.first_id(at timestamp with time zone) RETURNS uuid
    LANGUAGE sql IMMUTABLE
    AS $$
    SELECT (lpad(to_hex(floor(extract(epoch FROM at) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid
$$;

COMMENT ON FUNCTION social.first_id(at timestamp with time zone) IS 'A key before all UUIDv7 that were made at this time or later.';

CREATE FUNCTION social.forget_notifications() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    DELETE FROM social.notifications WHERE user_id = NEW.id OR about_id = NEW.id;
    DELETE FROM social.notification_lanes WHERE user_id = NEW.id;
    DELETE FROM identity.devices WHERE user_id = NEW.id;
    RETURN NULL;
END $$;

CREATE FUNCTION social.words_of(name text) RETURNS text
    LANGUAGE sql IMMUTABLE
    RETURN TRIM(BOTH FROM lower(regexp_replace(regexp_replace(NORMALIZE(name, NFKD), '[\u0300-\u036f]'::text, ''::text, 'g'::text), '[^[:alnum:]]+'::text, ' '::text, 'g'::text)));

COMMENT ON FUNCTION social.words_of(name text) IS 'A name as it is searched for: words in small letters, without accents and signs, one space between two.';

CREATE TABLE social.findable (
    user_id uuid NOT NULL,
    words tsvector NOT NULL
);

CREATE FUNCTION social.found(sought text) RETURNS TABLE(user_id uuid)
    LANGUAGE sql STABLE ROWS 20
    SET enable_seqscan TO 'off'
    SET enable_indexscan TO 'off'
    BEGIN ATOMIC
 SELECT f.user_id
    FROM social.findable f
   WHERE (f.words @@ ((replace(NULLIF(social.words_of(found.sought), ''::text), ' '::text, ' & '::text) || ':*'::text))::tsquery)
  LIMIT 1000;
END;

COMMENT ON FUNCTION social.found(sought text) IS 'Up to a thousand users whose names have all of these words, the last one as the beginning of a word.';

CREATE FUNCTION social.hold_lane(owner uuid) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM FROM social.notification_lanes l WHERE l.user_id = owner FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        INSERT INTO social.notification_lanes (user_id) VALUES (owner) ON CONFLICT DO NOTHING;
        PERFORM FROM social.notification_lanes l WHERE l.user_id = owner FOR NO KEY UPDATE;
    END IF;
END $$;

COMMENT ON FUNCTION social.hold_lane(owner uuid) IS 'Lock the lane of this user: what comes next sees all that others have stored for them.';

CREATE FUNCTION social.hold_or_show(subject text, subject_id uuid) RETURNS void
    LANGUAGE plpgsql
    AS $$
DECLARE stands boolean := EXISTS (
    SELECT FROM interaction.reports r
    WHERE r.subject_id = hold_or_show.subject_id AND r.subject_type IN ('post', 'comment') AND r.status <> 'dismissed'
);
BEGIN
    IF subject = 'post' THEN
        UPDATE social.posts p SET held_at = CASE
            WHEN stands AND p.passed_at IS NULL OR EXISTS (
                SELECT FROM social.media m WHERE m.id = ANY (p.media_ids) AND m.state <> 'ready'
            ) THEN coalesce(p.held_at, now())
        END
        WHERE p.id = hold_or_show.subject_id;
    ELSE
        UPDATE social.comments c SET held_at = CASE WHEN stands AND c.passed_at IS NULL THEN coalesce(c.held_at, now()) END
        WHERE c.id = hold_or_show.subject_id;
    END IF;
END $$;

COMMENT ON FUNCTION social.hold_or_show(subject text, subject_id uuid) IS 'Hold back a post or comment of which a report stands, unless it was passed, or with a picture that is not ready; show any other.';

CREATE FUNCTION social.hold_reported() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        -- Dismissed with all others, it is passed; decided against, or to be decided again, it is not.
        UPDATE social.posts p SET passed_at = CASE WHEN NEW.status = 'dismissed' THEN now() END
        WHERE NEW.subject_type = 'post' AND p.id = NEW.subject_id;
        UPDATE social.comments c SET passed_at = CASE WHEN NEW.status = 'dismissed' THEN now() END
        WHERE NEW.subject_type = 'comment' AND c.id = NEW.subject_id;
    END IF;
    PERFORM social.hold_or_show(NEW.subject_type, NEW.subject_id);
    RETURN NULL;
END $$;

CREATE FUNCTION social.hold_with_picture() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM social.hold_or_show('post', NEW.used_for);
    RETURN NULL;
END $$;

CREATE FUNCTION social.is_gone(media uuid) RETURNS boolean
    LANGUAGE plpgsql STABLE
    AS $$
BEGIN
    RETURN EXISTS (
        SELECT FROM social.media m
        WHERE m.id = media AND m.used_at IS NOT NULL AND (
            m.purpose = 'chat' AND NOT communication.is_shown(m.id)
            OR m.purpose = 'post' AND NOT EXISTS (
                SELECT FROM social.posts p WHERE p.id = m.used_for AND p.deleted_at IS NULL AND m.id = ANY (p.media_ids)
            )
        )
    );
END $$;

CREATE FUNCTION social.keep_findable(who uuid) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    -- One after the other, so that the last one sees what the others have changed.
    PERFORM pg_advisory_xact_lock(hashtextextended('findable ' || who, 0));
    DELETE FROM social.findable f WHERE f.user_id = who;
    INSERT INTO social.findable (user_id, words)
    SELECT u.id, array_to_tsvector(string_to_array(social.words_of(concat_ws(' ', u.username, p.display_name)), ' '))
    FROM identity.users u
    JOIN identity.profiles p ON p.user_id = u.id
    JOIN identity.settings s ON s.user_id = u.id AND s.find_by_search
    WHERE u.id = who AND u.deleted_at IS NULL;
END $$;

CREATE FUNCTION social.leave_all() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
DECLARE left_id uuid;
BEGIN
    FOR left_id IN SELECT f.id FROM social.friends f WHERE f.user_id = NEW.id ORDER BY f.room_id LOOP
        UPDATE social.friendships SET ended_at = NEW.deleted_at, ended_by = NEW.id WHERE id = left_id AND ended_at IS NULL;
    END LOOP;
    UPDATE social.friend_requests SET state = 'withdrawn', closed_at = NEW.deleted_at
    WHERE NEW.id IN (sender_id, receiver_id) AND state = 'open';
    RETURN NULL;
END $$;

CREATE FUNCTION social.make_quarter(begins timestamp without time zone) RETURNS boolean
    LANGUAGE plpgsql
    SET lock_timeout TO '3s'
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

COMMENT ON FUNCTION social.make_quarter(begins timestamp without time zone) IS 'Make the part for the quarter that begins then (UTC), with what was stored before it was made. Whether it was not there.';

CREATE FUNCTION social.name_has_changed() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    PERFORM social.keep_findable(coalesce(to_jsonb(NEW) ->> 'user_id', to_jsonb(NEW) ->> 'id')::uuid);
    RETURN NULL;
END $$;

CREATE TABLE social.notifications (
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    kind text NOT NULL,
    title text NOT NULL,
    body text NOT NULL,
    subject_type text,
    subject_id uuid,
    about_id uuid,
    action_label text,
    action_url text,
    created_at timestamp with time zone NOT NULL,
    delivered_at timestamp with time zone,
    read_at timestamp with time zone,
    expires_at timestamp with time zone,
    CONSTRAINT a_subject_is_whole CHECK (((subject_type IS NULL) = (subject_id IS NULL))),
    CONSTRAINT an_action_is_whole CHECK (((action_label IS NULL) = (action_url IS NULL))),
    CONSTRAINT notifications_body_check CHECK ((char_length(body) <= 1000)),
    CONSTRAINT notifications_kind_check CHECK ((kind = ANY (ARRAY['missed_call'::text, 'video_request'::text, 'friend_request'::text, 'friend_accepted'::text, 'comment'::text, 'like'::text, 'strike'::text, 'appeal'::text, 'reward'::text, 'milestone'::text, 'streak'::text, 'mentor_session'::text, 'export'::text, 'system'::text]))),
    CONSTRAINT notifications_title_check CHECK (((char_length(title) >= 1) AND (char_length(title) <= 200)))
)
PARTITION BY RANGE (id);

ALTER TABLE ONLY social.notifications FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE social.notifications IS '`subject` is what it is about, `about_id` the user from whom or about whom it is: it is shown while that one is visible.';

CREATE FUNCTION social.notify(fresh social.notifications, always boolean) RETURNS uuid
    LANGUAGE plpgsql
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
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

COMMENT ON FUNCTION social.notify(fresh social.notifications, always boolean) IS 'Store a notification, or renew the one of the same kind and subject that has not been read; gives its id. Null: its user does not
want to be told of this kind, unless it is told `always`.';

CREATE FUNCTION social.number_has_changed() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('contacts', 0));
    IF TG_OP = 'INSERT' THEN
        UPDATE social.contacts SET user_id = NEW.user_id WHERE mark = NEW.subject_hash AND owner_id <> NEW.user_id;
    ELSIF TG_OP = 'DELETE' THEN
        UPDATE social.contacts SET user_id = NULL WHERE mark = OLD.subject_hash;
    ELSIF NEW.subject_hash <> OLD.subject_hash THEN  -- who has sent the number again has it by that already
        DELETE FROM social.contacts former WHERE former.mark = OLD.subject_hash
            AND EXISTS (SELECT FROM social.contacts c WHERE c.owner_id = former.owner_id AND c.mark = NEW.subject_hash);
        UPDATE social.contacts SET mark = NEW.subject_hash WHERE mark = OLD.subject_hash;
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION social.part_by_block() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    UPDATE social.friendships SET ended_at = NEW.created_at, ended_by = NEW.blocker_id
    WHERE user_a = least(NEW.blocker_id, NEW.blocked_id) AND user_b = greatest(NEW.blocker_id, NEW.blocked_id)
        AND ended_at IS NULL;
    UPDATE social.friend_requests SET state = 'withdrawn', closed_at = NEW.created_at
    WHERE least(sender_id, receiver_id) = least(NEW.blocker_id, NEW.blocked_id)
        AND greatest(sender_id, receiver_id) = greatest(NEW.blocker_id, NEW.blocked_id) AND state = 'open';
    RETURN NULL;
END $$;

CREATE TABLE social.friendships (
    id uuid NOT NULL,
    user_a uuid NOT NULL,
    user_b uuid NOT NULL,
    room_id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    ended_by uuid,
    CONSTRAINT ended_before_by CHECK (((ended_by IS NULL) OR (ended_at IS NOT NULL))),
    CONSTRAINT pair_in_order CHECK ((user_a < user_b))
);

CREATE TABLE social.post_audience (
    user_id uuid NOT NULL,
    post_id uuid NOT NULL
);

CREATE TABLE social.posts (
    id uuid NOT NULL,
    author_id uuid NOT NULL,
    media_ids uuid[] NOT NULL,
    caption text,
    visibility text NOT NULL,
    like_count integer DEFAULT 0 NOT NULL,
    comment_count integer DEFAULT 0 NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    held_at timestamp with time zone,
    deleted_at timestamp with time zone,
    passed_at timestamp with time zone,
    CONSTRAINT posts_comment_count_check CHECK ((comment_count >= 0)),
    CONSTRAINT posts_like_count_check CHECK ((like_count >= 0)),
    CONSTRAINT posts_media_ids_check CHECK (((cardinality(media_ids) >= 1) AND (cardinality(media_ids) <= 4))),
    CONSTRAINT posts_visibility_check CHECK ((visibility = ANY (ARRAY['friends'::text, 'selected'::text, 'everyone'::text])))
)
WITH (fillfactor='85');

COMMENT ON COLUMN social.posts.passed_at IS 'When a moderator found nothing wrong with it: until it is changed, another report does not hold it back again.';

CREATE FUNCTION social.posts_meant_for(viewer uuid, at timestamp with time zone) RETURNS TABLE(post_id uuid)
    LANGUAGE sql STABLE
    BEGIN ATOMIC
 SELECT p.id
    FROM social.posts p
   WHERE ((p.deleted_at IS NULL) AND ((p.author_id = posts_meant_for.viewer) OR ((EXISTS ( SELECT
            FROM identity.visible_to(posts_meant_for.viewer, posts_meant_for.at) seen(user_id)
           WHERE (seen.user_id = p.author_id))) AND ((p.visibility = 'everyone'::text) OR ((EXISTS ( SELECT
            FROM social.friendships f
           WHERE ((f.user_a = LEAST(posts_meant_for.viewer, p.author_id)) AND (f.user_b = GREATEST(posts_meant_for.viewer, p.author_id)) AND (f.ended_at IS NULL)))) AND ((p.visibility = 'friends'::text) OR (EXISTS ( SELECT
            FROM social.post_audience a
           WHERE ((a.user_id = posts_meant_for.viewer) AND (a.post_id = p.id))))))))));
END;

COMMENT ON FUNCTION social.posts_meant_for(viewer uuid, at timestamp with time zone) IS 'Posts whose author lets the viewer see them at this time: visible to the viewer, and for everyone, for friends, or for chosen
friends of whom the viewer is one and is a friend still.';

CREATE FUNCTION social.posts_shown_to(viewer uuid, at timestamp with time zone) RETURNS TABLE(post_id uuid)
    LANGUAGE sql STABLE
    BEGIN ATOMIC
 SELECT p.id
    FROM social.posts p
   WHERE (((p.held_at IS NULL) OR (p.author_id = posts_shown_to.viewer)) AND (EXISTS ( SELECT
            FROM social.posts_meant_for(posts_shown_to.viewer, posts_shown_to.at) meant(post_id)
           WHERE (meant.post_id = p.id))));
END;

COMMENT ON FUNCTION social.posts_shown_to(viewer uuid, at timestamp with time zone) IS 'Those of them that the viewer sees: what is held back is its author''s alone.';

CREATE FUNCTION social.read_notifications(owner uuid, ids uuid[], at timestamp with time zone, OUT number bigint, OUT ids_read uuid[]) RETURNS record
    LANGUAGE plpgsql
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
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

COMMENT ON FUNCTION social.read_notifications(owner uuid, ids uuid[], at timestamp with time zone, OUT number bigint, OUT ids_read uuid[]) IS 'These of this user have been read; null: all. Gives which had not been before, and their number in the lane.';

CREATE FUNCTION social.settle_request_notice() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
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

CREATE FUNCTION social.shown_notifications(viewer uuid, at timestamp with time zone) RETURNS SETOF social.notifications
    LANGUAGE sql STABLE
    BEGIN ATOMIC
 SELECT n.id,
     n.user_id,
     n.kind,
     n.title,
     n.body,
     n.subject_type,
     n.subject_id,
     n.about_id,
     n.action_label,
     n.action_url,
     n.created_at,
     n.delivered_at,
     n.read_at,
     n.expires_at
    FROM social.notifications n
   WHERE ((n.user_id = shown_notifications.viewer) AND ((n.expires_at IS NULL) OR (n.expires_at > shown_notifications.at)) AND ((n.about_id IS NULL) OR (EXISTS ( SELECT
            FROM identity.visible_to(shown_notifications.viewer, shown_notifications.at) seen(user_id)
           WHERE (seen.user_id = n.about_id)))));
END;

COMMENT ON FUNCTION social.shown_notifications(viewer uuid, at timestamp with time zone) IS 'Notifications of this user that are shown at this time: not expired, and about nobody whom they may not see.';

CREATE FUNCTION social.tell(owner uuid, event text, subject uuid) RETURNS bigint
    LANGUAGE sql
    AS $$
    WITH next AS (
        UPDATE social.notification_lanes SET last_news = last_news + 1 WHERE user_id = owner RETURNING last_news
    )
    INSERT INTO social.notification_outbox (lane, number, event, subject) SELECT owner, last_news, event, subject FROM next
    RETURNING number
$$;

COMMENT ON FUNCTION social.tell(owner uuid, event text, subject uuid) IS 'Note what is to be announced to this user, whose lane is held; gives its number there.';

CREATE FUNCTION social.unread_notifications(viewer uuid, at timestamp with time zone) RETURNS bigint
    LANGUAGE plpgsql STABLE
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
    AS $$
BEGIN
    RETURN (
        SELECT count(*) FROM (
            SELECT FROM social.shown_notifications(viewer, at) n WHERE n.read_at IS NULL LIMIT 1000
        ) AS counted
    );
END $$;

COMMENT ON FUNCTION social.unread_notifications(viewer uuid, at timestamp with time zone) IS 'How many of those that are shown have not been read; no more than 1,000 are counted.';

CREATE TABLE communication.deliveries (
    room_id uuid NOT NULL,
    user_id uuid NOT NULL,
    after_seq bigint NOT NULL,
    seq bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    CONSTRAINT deliveries_after_seq_check CHECK ((after_seq >= 0)),
    CONSTRAINT deliveries_move_on CHECK ((after_seq < seq))
);

CREATE TABLE interaction.connections (
    id uuid NOT NULL,
    user_a uuid NOT NULL,
    user_b uuid NOT NULL,
    call_id uuid NOT NULL,
    video_enabled boolean DEFAULT false NOT NULL,
    created_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    ended_by uuid,
    room_id uuid,
    CONSTRAINT ended_before_by CHECK (((ended_by IS NULL) OR (ended_at IS NOT NULL))),
    CONSTRAINT pair_in_order CHECK ((user_a < user_b))
);

CREATE VIEW communication.grounds AS
 SELECT c.room_id
   FROM interaction.connections c
  WHERE (c.ended_at IS NULL)
UNION ALL
 SELECT f.room_id
   FROM social.friendships f
  WHERE (f.ended_at IS NULL);

COMMENT ON VIEW communication.grounds IS 'Rooms of two who have something that keeps their room open.';

CREATE TABLE communication.groups (
    id uuid NOT NULL,
    room_id uuid NOT NULL,
    name text NOT NULL,
    description text,
    photo_id uuid,
    history text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    keep_days integer,
    CONSTRAINT groups_description_check CHECK (((char_length(description) >= 1) AND (char_length(description) <= 1000))),
    CONSTRAINT groups_history_check CHECK ((history = ANY (ARRAY['from_joining'::text, 'all'::text]))),
    CONSTRAINT groups_keep_days_check CHECK ((keep_days > 0)),
    CONSTRAINT groups_name_check CHECK (((char_length(name) >= 1) AND (char_length(name) <= 100)))
);

COMMENT ON COLUMN communication.groups.history IS 'What newcomers read: from their joining on, or everything.';

COMMENT ON COLUMN communication.groups.keep_days IS 'For so long messages are kept at most; null: as long as the server keeps them.';

CREATE TABLE communication.invitations (
    id uuid NOT NULL,
    group_id uuid NOT NULL,
    made_by uuid NOT NULL,
    uses_left integer,
    expires_at timestamp with time zone NOT NULL,
    revoked_at timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT invitations_uses_left_check CHECK ((uses_left >= 0))
);

COMMENT ON COLUMN communication.invitations.uses_left IS 'Null: as many as come.';

CREATE TABLE communication.members (
    room_id uuid NOT NULL,
    user_id uuid NOT NULL,
    read_seq bigint DEFAULT 0 NOT NULL,
    delivered_seq bigint DEFAULT 0 NOT NULL,
    role text DEFAULT 'member'::text NOT NULL,
    joined_seq bigint DEFAULT 0 NOT NULL,
    left_at timestamp with time zone,
    joined_at timestamp with time zone,
    left_by uuid,
    muted_until timestamp with time zone,
    CONSTRAINT joined_before_read CHECK (((0 <= joined_seq) AND (joined_seq <= read_seq))),
    CONSTRAINT left_before_by CHECK (((left_by IS NULL) OR (left_at IS NOT NULL))),
    CONSTRAINT members_role_check CHECK ((role = ANY (ARRAY['owner'::text, 'admin'::text, 'member'::text]))),
    CONSTRAINT read_after_delivered CHECK (((0 <= read_seq) AND (read_seq <= delivered_seq)))
)
WITH (fillfactor='50');

ALTER TABLE ONLY communication.members FORCE ROW LEVEL SECURITY;

COMMENT ON COLUMN communication.members.muted_until IS 'Until when what is said there is not pushed to them; null: it is.';

CREATE TABLE communication.messages (
    id uuid NOT NULL,
    room_id uuid NOT NULL,
    seq bigint NOT NULL,
    sender_id uuid,
    client_id text,
    type text NOT NULL,
    content text,
    reply_to uuid,
    created_at timestamp with time zone NOT NULL,
    edited_at timestamp with time zone,
    deleted_at timestamp with time zone,
    system text,
    about_id uuid,
    by_id uuid,
    media_id uuid,
    CONSTRAINT a_text_shows_nothing CHECK (((media_id IS NULL) OR (type <> ALL (ARRAY['text'::text, 'system'::text])))),
    CONSTRAINT messages_client_id_check CHECK (((char_length(client_id) >= 1) AND (char_length(client_id) <= 100))),
    CONSTRAINT messages_seq_check CHECK ((seq > 0)),
    CONSTRAINT messages_system_check CHECK (((char_length(system) >= 1) AND (char_length(system) <= 30))),
    CONSTRAINT messages_type_check CHECK ((type = ANY (ARRAY['text'::text, 'image'::text, 'video'::text, 'voice'::text, 'file'::text, 'system'::text]))),
    CONSTRAINT only_the_system_is_nobody CHECK ((((type = 'system'::text) = (sender_id IS NULL)) AND ((sender_id IS NULL) = (client_id IS NULL)))),
    CONSTRAINT text_says_something CHECK (((type <> 'text'::text) OR (content IS NOT NULL) OR (deleted_at IS NOT NULL))),
    CONSTRAINT what_the_system_says CHECK (((system IS NULL) OR (type = 'system'::text)))
);

ALTER TABLE ONLY communication.messages FORCE ROW LEVEL SECURITY;

COMMENT ON COLUMN communication.messages.media_id IS 'Stays when the message is deleted, but is shown to nobody.';

CREATE TABLE communication.outbox (
    lane uuid NOT NULL,
    number bigint NOT NULL,
    event text NOT NULL,
    subject uuid NOT NULL,
    CONSTRAINT outbox_event_check CHECK (((char_length(event) >= 1) AND (char_length(event) <= 100))),
    CONSTRAINT outbox_number_check CHECK ((number > 0))
)
WITH (autovacuum_vacuum_scale_factor='0', autovacuum_vacuum_threshold='1000');

CREATE TABLE communication.pushes (
    room_id uuid NOT NULL,
    user_id uuid NOT NULL,
    seq bigint NOT NULL,
    sending bigint,
    CONSTRAINT pushes_seq_check CHECK ((seq > 0))
);

COMMENT ON COLUMN communication.pushes.sending IS 'The moment of the job that sends it; null: it has been sent.';

CREATE TABLE communication.reads (
    room_id uuid NOT NULL,
    user_id uuid NOT NULL,
    after_seq bigint NOT NULL,
    seq bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    CONSTRAINT reads_after_seq_check CHECK ((after_seq >= 0)),
    CONSTRAINT reads_move_on CHECK ((after_seq < seq))
);

CREATE TABLE communication.rooms (
    id uuid NOT NULL,
    connection_id uuid,
    last_seq bigint DEFAULT 0 NOT NULL,
    created_at timestamp with time zone NOT NULL,
    last_news bigint DEFAULT 0 NOT NULL,
    kind text DEFAULT 'direct'::text NOT NULL,
    ended_at timestamp with time zone,
    forgotten_seq bigint DEFAULT 0 NOT NULL,
    CONSTRAINT rooms_kind_check CHECK ((kind = ANY (ARRAY['direct'::text, 'group'::text]))),
    CONSTRAINT rooms_last_news_check CHECK ((last_news >= 0)),
    CONSTRAINT rooms_last_seq_check CHECK ((last_seq >= 0))
)
WITH (fillfactor='50');

CREATE TABLE identity.activity (
    user_id uuid NOT NULL,
    last_login timestamp with time zone NOT NULL,
    last_active timestamp with time zone NOT NULL
);

ALTER TABLE ONLY identity.activity FORCE ROW LEVEL SECURITY;

CREATE TABLE identity.audit_log (
    id uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    actor_id uuid,
    action text NOT NULL,
    subject_id uuid,
    details jsonb DEFAULT '{}'::jsonb NOT NULL,
    CONSTRAINT audit_log_action_check CHECK ((action ~ '^[a-z_]{1,64}$'::text)),
    CONSTRAINT audit_log_details_check CHECK ((jsonb_typeof(details) = 'object'::text))
);

CREATE TABLE identity.profiles (
    user_id uuid NOT NULL,
    display_name text NOT NULL,
    birth_date date NOT NULL,
    gender text NOT NULL,
    intent text DEFAULT 'casual'::text NOT NULL,
    languages text[] DEFAULT '{}'::text[] NOT NULL,
    country text,
    city text,
    bio text,
    photos jsonb DEFAULT '[]'::jsonb NOT NULL,
    seeking_genders text[] DEFAULT '{female,male,other}'::text[] NOT NULL,
    seeking_age_min integer DEFAULT 18 NOT NULL,
    seeking_age_max integer DEFAULT 120 NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    photo_ids uuid[] DEFAULT '{}'::uuid[] NOT NULL,
    video_ids uuid[] DEFAULT '{}'::uuid[] NOT NULL,
    study_focus text,
    CONSTRAINT profiles_bio_check CHECK ((char_length(bio) <= 2000)),
    CONSTRAINT profiles_city_check CHECK ((char_length(city) <= 100)),
    CONSTRAINT profiles_country_check CHECK ((country ~ '^[A-Z]{2}$'::text)),
    CONSTRAINT profiles_display_name_check CHECK (((char_length(display_name) >= 1) AND (char_length(display_name) <= 100))),
    CONSTRAINT profiles_gender_check CHECK ((gender = ANY (ARRAY['female'::text, 'male'::text, 'other'::text]))),
    CONSTRAINT profiles_intent_check CHECK ((intent = ANY (ARRAY['casual'::text, 'friends'::text, 'serious'::text, 'networking'::text]))),
    CONSTRAINT profiles_languages_check CHECK ((cardinality(languages) <= 20)),
    CONSTRAINT profiles_photo_ids_check CHECK ((cardinality(photo_ids) <= 6)),
    CONSTRAINT profiles_photos_check CHECK ((jsonb_typeof(photos) = 'array'::text)),
    CONSTRAINT profiles_seeking_genders_check CHECK (((cardinality(seeking_genders) > 0) AND (seeking_genders <@ '{female,male,other}'::text[]))),
    CONSTRAINT profiles_study_focus_check CHECK ((char_length(study_focus) <= 200)),
    CONSTRAINT profiles_video_ids_check CHECK ((cardinality(video_ids) <= 2)),
    CONSTRAINT seeking_adults_in_order CHECK (((18 <= seeking_age_min) AND (seeking_age_min <= seeking_age_max) AND (seeking_age_max <= 120)))
);

ALTER TABLE ONLY identity.profiles FORCE ROW LEVEL SECURITY;

CREATE TABLE identity.settings (
    user_id uuid NOT NULL,
    theme text,
    language text,
    time_zone text,
    find_by_search boolean,
    find_by_phone boolean,
    hide_from_contacts boolean,
    notifications jsonb,
    show_age boolean,
    show_city boolean,
    show_country boolean,
    show_last_seen boolean,
    read_receipts boolean,
    direct_calls text,
    relay_only boolean,
    match_by_places boolean,
    CONSTRAINT settings_direct_calls_check CHECK ((direct_calls = ANY (ARRAY['connections'::text, 'nobody'::text]))),
    CONSTRAINT settings_language_check CHECK ((language ~ '^[a-z]{2,3}$'::text)),
    CONSTRAINT settings_notifications_check CHECK ((jsonb_typeof(notifications) = 'object'::text)),
    CONSTRAINT settings_theme_check CHECK ((theme = ANY (ARRAY['system'::text, 'light'::text, 'dark'::text, 'neon'::text]))),
    CONSTRAINT settings_time_zone_check CHECK (((char_length(time_zone) >= 1) AND (char_length(time_zone) <= 64)))
);

ALTER TABLE ONLY identity.settings FORCE ROW LEVEL SECURITY;

CREATE TABLE social.media (
    id uuid NOT NULL,
    owner_id uuid NOT NULL,
    purpose text NOT NULL,
    type text NOT NULL,
    state text NOT NULL,
    reason text,
    size bigint NOT NULL,
    width integer,
    height integer,
    hash bigint,
    created_at timestamp with time zone NOT NULL,
    key text NOT NULL,
    key_id text,
    stored boolean DEFAULT false NOT NULL,
    used_for uuid,
    used_at timestamp with time zone,
    expires_at timestamp with time zone,
    scans integer DEFAULT 0 NOT NULL,
    scan_at timestamp with time zone,
    content_type text DEFAULT 'image/jpeg'::text NOT NULL,
    renditions text[] DEFAULT '{}'::text[] NOT NULL,
    blurhash text,
    duration_ms integer,
    decided_by uuid,
    decided_at timestamp with time zone,
    fault text,
    note text,
    resembles uuid,
    waveform smallint[],
    name text,
    CONSTRAINT decided_by_somebody CHECK (((decided_by IS NULL) = (decided_at IS NULL))),
    CONSTRAINT media_duration_ms_check CHECK ((duration_ms > 0)),
    CONSTRAINT media_height_check CHECK ((height > 0)),
    CONSTRAINT media_purpose_check CHECK ((purpose = ANY (ARRAY['photo'::text, 'post'::text, 'chat'::text, 'place'::text, 'note'::text, 'report'::text]))),
    CONSTRAINT media_size_check CHECK ((size > 0)),
    CONSTRAINT media_state_check CHECK ((state = ANY (ARRAY['processing'::text, 'ready'::text, 'refused'::text]))),
    CONSTRAINT media_type_check CHECK ((type = ANY (ARRAY['image'::text, 'video'::text, 'audio'::text, 'file'::text]))),
    CONSTRAINT media_width_check CHECK ((width > 0)),
    CONSTRAINT removed_by_somebody CHECK (((fault IS NULL) OR ((decided_at IS NOT NULL) AND (state = 'refused'::text)))),
    CONSTRAINT used_for_something CHECK (((used_for IS NULL) = (used_at IS NULL)))
);

ALTER TABLE ONLY social.media FORCE ROW LEVEL SECURITY;

COMMENT ON COLUMN social.media.waveform IS 'How loud a voice message is, part by part, 0 to 255.';

COMMENT ON COLUMN social.media.name IS 'Of a file that is kept as it came; null: it has none.';

CREATE VIEW social.profile_media AS
 SELECT p.user_id,
    own.place,
    m.id,
    m.owner_id,
    m.purpose,
    m.type,
    m.state,
    m.reason,
    m.size,
    m.width,
    m.height,
    m.key,
    m.key_id,
    m.content_type,
    m.renditions,
    m.blurhash,
    m.duration_ms,
    m.hash
   FROM ((identity.profiles p
     CROSS JOIN LATERAL unnest((p.photo_ids || p.video_ids)) WITH ORDINALITY own(id, place))
     JOIN social.media m ON (((m.id = own.id) AND m.stored)));

CREATE VIEW identity.cards AS
 SELECT p.user_id,
    p.display_name,
    p.birth_date,
    p.gender,
    p.intent,
    p.languages,
        CASE
            WHEN COALESCE(own.show_country, true) THEN p.country
            ELSE NULL::text
        END AS country,
        CASE
            WHEN COALESCE(own.show_city, true) THEN p.city
            ELSE NULL::text
        END AS city,
    p.bio,
    (p.photos ->> 0) AS photo_url,
    ( SELECT shown.id
           FROM social.profile_media shown
          WHERE ((shown.user_id = p.user_id) AND (shown.type = 'image'::text) AND (shown.state = 'ready'::text))
          ORDER BY shown.place
         LIMIT 1) AS photo_id,
    COALESCE(own.show_age, true) AS show_age,
    p.country AS own_country,
    COALESCE(own.relay_only, false) AS relay_only,
    COALESCE(own.match_by_places, false) AS match_by_places
   FROM (identity.profiles p
     LEFT JOIN LATERAL ( SELECT s.show_age,
            s.show_city,
            s.show_country,
            s.relay_only,
            s.match_by_places
           FROM identity.settings s
          WHERE (s.user_id = p.user_id)
         OFFSET 0) own ON (true));

CREATE TABLE identity.consents (
    number bigint NOT NULL,
    user_id uuid NOT NULL,
    kind text NOT NULL,
    version text NOT NULL,
    given boolean NOT NULL,
    at timestamp with time zone NOT NULL,
    CONSTRAINT consents_kind_check CHECK ((kind = ANY (ARRAY['terms'::text, 'privacy'::text, 'analytics'::text, 'assistant'::text]))),
    CONSTRAINT consents_version_check CHECK (((char_length(version) >= 1) AND (char_length(version) <= 32)))
);

ALTER TABLE ONLY identity.consents FORCE ROW LEVEL SECURITY;

ALTER TABLE identity.consents ALTER COLUMN number ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME identity.consents_number_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE identity.data_keys (
    id text NOT NULL,
    proof bytea NOT NULL,
    used_since timestamp with time zone NOT NULL,
    retired_at timestamp with time zone,
    CONSTRAINT data_keys_id_check CHECK (((char_length(id) >= 1) AND (char_length(id) <= 15))),
    CONSTRAINT data_keys_proof_check CHECK ((octet_length(proof) = 16))
);

CREATE TABLE identity.devices (
    user_id uuid NOT NULL,
    device_id text NOT NULL,
    session_id uuid NOT NULL,
    platform text NOT NULL,
    token text,
    subscription jsonb,
    updated_at timestamp with time zone NOT NULL,
    refused integer DEFAULT 0 NOT NULL,
    refused_since timestamp with time zone,
    service text DEFAULT 'fcm'::text NOT NULL,
    voip_token text,
    CONSTRAINT devices_device_id_check CHECK (((char_length(device_id) >= 1) AND (char_length(device_id) <= 200))),
    CONSTRAINT devices_platform_check CHECK ((platform = ANY (ARRAY['ios'::text, 'android'::text, 'web'::text]))),
    CONSTRAINT devices_service_check CHECK ((service = ANY (ARRAY['fcm'::text, 'apns'::text]))),
    CONSTRAINT devices_token_check CHECK (((char_length(token) >= 1) AND (char_length(token) <= 1000))),
    CONSTRAINT devices_voip_token_check CHECK (((char_length(voip_token) >= 1) AND (char_length(voip_token) <= 1000)))
);

ALTER TABLE ONLY identity.devices FORCE ROW LEVEL SECURITY;

CREATE TABLE identity.exports (
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    key text NOT NULL,
    asked_at timestamp with time zone NOT NULL,
    state text DEFAULT 'running'::text NOT NULL,
    progress real DEFAULT 0 NOT NULL,
    failures integer DEFAULT 0 NOT NULL,
    size bigint,
    ready_at timestamp with time zone,
    expires_at timestamp with time zone,
    CONSTRAINT exports_progress_check CHECK (((progress >= (0)::double precision) AND (progress <= (1)::double precision))),
    CONSTRAINT exports_size_check CHECK ((size > 0)),
    CONSTRAINT exports_state_check CHECK ((state = ANY (ARRAY['running'::text, 'ready'::text, 'failed'::text]))),
    CONSTRAINT over_at_some_time CHECK (((state = 'running'::text) OR (expires_at IS NOT NULL))),
    CONSTRAINT ready_at_some_time CHECK (((state = 'ready'::text) = (ready_at IS NOT NULL)))
);

ALTER TABLE ONLY identity.exports FORCE ROW LEVEL SECURITY;

CREATE TABLE identity.expulsions (
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    reason text NOT NULL,
    sessions uuid[] NOT NULL,
    taken_until timestamp with time zone DEFAULT '-infinity'::timestamp with time zone NOT NULL,
    CONSTRAINT expulsions_reason_check CHECK ((reason = ANY (ARRAY['signed_out'::text, 'password_changed'::text, 'erased'::text])))
);

CREATE TABLE identity.former_usernames (
    username text NOT NULL,
    user_id uuid,
    until timestamp with time zone NOT NULL
);

ALTER TABLE ONLY identity.former_usernames FORCE ROW LEVEL SECURITY;

CREATE TABLE identity.idempotent_requests (
    owner text NOT NULL,
    operation text NOT NULL,
    key text NOT NULL,
    digest bytea NOT NULL,
    answer jsonb,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT idempotent_requests_digest_check CHECK ((octet_length(digest) = 32)),
    CONSTRAINT idempotent_requests_key_check CHECK (((char_length(key) >= 1) AND (char_length(key) <= 200)))
);

CREATE TABLE identity.kept_keys (
    purpose text NOT NULL,
    kid text NOT NULL,
    box bytea NOT NULL,
    key_id text NOT NULL,
    writes boolean NOT NULL,
    added_at timestamp with time zone NOT NULL,
    CONSTRAINT kept_keys_kid_check CHECK ((char_length(kid) = 16))
);

CREATE TABLE identity.key_holders (
    node text NOT NULL,
    secret text NOT NULL,
    known text[] NOT NULL,
    writes text,
    hashes text,
    seen_at timestamp with time zone NOT NULL
);

CREATE TABLE identity.logins (
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    provider text NOT NULL,
    subject_hash bytea,
    hint text,
    sealed bytea,
    key_id text,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT a_password_is_of_its_account CHECK (((provider = 'password'::text) = (subject_hash IS NULL))),
    CONSTRAINT logins_provider_check CHECK ((provider = ANY (ARRAY['password'::text, 'phone'::text, 'google'::text, 'apple'::text]))),
    CONSTRAINT logins_subject_hash_check CHECK ((octet_length(subject_hash) = 32)),
    CONSTRAINT sealed_with_a_key CHECK (((sealed IS NULL) = (key_id IS NULL)))
);

ALTER TABLE ONLY identity.logins FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE identity.logins IS '`subject_hash` is a keyed hash of the number, or of whom Google or Apple says somebody is; `sealed` is what was hashed, for
the day on which the key changes. The login of a password has the id of its account.';

CREATE TABLE identity.one_time_codes (
    id uuid NOT NULL,
    purpose text NOT NULL,
    subject bytea NOT NULL,
    hash bytea NOT NULL,
    user_id uuid,
    carried bytea,
    key_id text,
    issued_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    wrong integer DEFAULT 0 NOT NULL,
    used_at timestamp with time zone,
    CONSTRAINT one_time_codes_hash_check CHECK ((octet_length(hash) = 32)),
    CONSTRAINT one_time_codes_purpose_check CHECK ((purpose = ANY (ARRAY['phone'::text, 'email'::text, 'password'::text]))),
    CONSTRAINT one_time_codes_subject_check CHECK ((octet_length(subject) = 32)),
    CONSTRAINT one_time_codes_wrong_check CHECK ((wrong >= 0)),
    CONSTRAINT sealed_with_a_key CHECK (((carried IS NULL) = (key_id IS NULL)))
);

ALTER TABLE ONLY identity.one_time_codes FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE identity.one_time_codes IS '`subject` is a keyed hash of whom the code is for, `hash` one of the code. A new code takes the place of the one before.
`wrong`: how often a wrong one was shown instead of it.';

CREATE TABLE identity.refresh_tokens (
    hash bytea NOT NULL,
    session_id uuid NOT NULL,
    issued_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    used_at timestamp with time zone,
    parent bytea,
    again smallint DEFAULT 0 NOT NULL,
    served_at timestamp with time zone,
    void_at timestamp with time zone,
    CONSTRAINT refresh_tokens_again_check CHECK (((again >= 0) AND (again <= 3))),
    CONSTRAINT refresh_tokens_hash_check CHECK ((octet_length(hash) = 32)),
    CONSTRAINT void_ones_never_served CHECK (((void_at IS NULL) OR ((used_at IS NULL) AND (served_at IS NULL))))
);

ALTER TABLE ONLY identity.refresh_tokens FORCE ROW LEVEL SECURITY;

CREATE TABLE identity.sessions (
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    device text,
    user_agent text,
    created_at timestamp with time zone NOT NULL,
    last_used_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    revoked_at timestamp with time zone,
    revoked_reason text,
    restricted boolean DEFAULT false NOT NULL,
    second_factor boolean DEFAULT false NOT NULL,
    network text,
    client jsonb,
    CONSTRAINT revoked_for_a_reason CHECK (((revoked_at IS NULL) = (revoked_reason IS NULL))),
    CONSTRAINT sessions_client_check CHECK ((jsonb_typeof(client) = 'object'::text)),
    CONSTRAINT sessions_device_check CHECK ((char_length(device) <= 100)),
    CONSTRAINT sessions_revoked_reason_check CHECK ((revoked_reason = ANY (ARRAY['signed_out'::text, 'banned'::text, 'replaced'::text, 'reused'::text, 'password_changed'::text, 'erased'::text]))),
    CONSTRAINT sessions_user_agent_check CHECK ((char_length(user_agent) <= 500))
);

ALTER TABLE ONLY identity.sessions FORCE ROW LEVEL SECURITY;

CREATE TABLE identity.totp (
    user_id uuid NOT NULL,
    secret bytea NOT NULL,
    key_id text NOT NULL,
    asked_at timestamp with time zone NOT NULL,
    on_since timestamp with time zone,
    used_step bigint DEFAULT 0 NOT NULL
);

ALTER TABLE ONLY identity.totp FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE identity.totp IS 'Without `on_since` the secret was given to its user, who has not shown a code of it yet. `used_step` is the time step of
the latest code that was accepted: neither it nor an earlier one is accepted again.';

CREATE TABLE identity.user_values (
    user_id uuid NOT NULL,
    key text NOT NULL,
    category text NOT NULL,
    value_name text NOT NULL,
    strength integer NOT NULL,
    place integer NOT NULL,
    CONSTRAINT user_values_category_check CHECK (((char_length(category) >= 1) AND (char_length(category) <= 50))),
    CONSTRAINT user_values_key_check CHECK ((key ~ '^[0-9a-f]{16}$'::text)),
    CONSTRAINT user_values_place_check CHECK ((place > 0)),
    CONSTRAINT user_values_strength_check CHECK (((strength >= 0) AND (strength <= 100))),
    CONSTRAINT user_values_value_name_check CHECK (((char_length(value_name) >= 1) AND (char_length(value_name) <= 100)))
);

ALTER TABLE ONLY identity.user_values FORCE ROW LEVEL SECURITY;

CREATE TABLE interaction.call_participants (
    call_id uuid NOT NULL,
    user_id uuid NOT NULL,
    active boolean NOT NULL,
    fault_at timestamp with time zone,
    verdict jsonb
);

CREATE TABLE interaction.call_timelines (
    call_id uuid NOT NULL,
    ended_at timestamp with time zone NOT NULL,
    events bytea NOT NULL
);

CREATE TABLE interaction.calls (
    id uuid NOT NULL,
    origin text NOT NULL,
    mode text NOT NULL,
    region text NOT NULL,
    offered_at timestamp with time zone NOT NULL,
    started_at timestamp with time zone,
    live_at timestamp with time zone,
    ended_at timestamp with time zone,
    end_reason text,
    ended_by uuid,
    duration_s integer,
    outcome text DEFAULT 'none'::text NOT NULL,
    decision_deadline timestamp with time zone,
    closed_at timestamp with time zone,
    invited_by uuid,
    rings uuid,
    mentor_session_id uuid,
    CONSTRAINT calls_duration_s_check CHECK ((duration_s >= 0)),
    CONSTRAINT calls_end_reason_check CHECK ((end_reason = ANY (ARRAY['hung_up'::text, 'skipped'::text, 'declined'::text, 'cancelled'::text, 'no_answer'::text, 'max_duration'::text, 'connection_lost'::text, 'media_failed'::text, 'reported'::text, 'blocked'::text, 'moderated'::text]))),
    CONSTRAINT calls_mode_check CHECK ((mode = ANY (ARRAY['voice'::text, 'video'::text]))),
    CONSTRAINT calls_outcome_check CHECK ((outcome = ANY (ARRAY['none'::text, 'connected'::text, 'not_connected'::text]))),
    CONSTRAINT decided_after_the_end CHECK (((ended_at IS NOT NULL) OR ((ended_by IS NULL) AND (decision_deadline IS NULL) AND (closed_at IS NULL)))),
    CONSTRAINT ended_for_a_reason CHECK ((((ended_at IS NULL) = (end_reason IS NULL)) AND ((ended_at IS NULL) = (duration_s IS NULL)))),
    CONSTRAINT nobody_rings_themselves CHECK (((rings IS NULL) OR ((invited_by IS NOT NULL) AND (rings <> invited_by)))),
    CONSTRAINT outcome_when_closed CHECK (((outcome = 'none'::text) OR (closed_at IS NOT NULL)))
);

CREATE TABLE interaction.decisions (
    call_id uuid NOT NULL,
    user_id uuid NOT NULL,
    connect boolean NOT NULL,
    feedback jsonb,
    created_at timestamp with time zone NOT NULL
);

CREATE TABLE interaction.match_decisions (
    call_id uuid NOT NULL,
    decided_at timestamp with time zone NOT NULL,
    body bytea NOT NULL
);

CREATE TABLE interaction.pending_blocks (
    id uuid NOT NULL,
    blocker_id uuid NOT NULL,
    blocked_id uuid NOT NULL,
    connection_id uuid,
    taken_until timestamp with time zone DEFAULT '-infinity'::timestamp with time zone NOT NULL,
    friendship_id uuid,
    request_id uuid,
    CONSTRAINT nobody_parts_from_themselves CHECK ((blocker_id <> blocked_id))
);

CREATE TABLE interaction.pending_reports (
    report_id uuid NOT NULL,
    block boolean NOT NULL,
    taken_until timestamp with time zone DEFAULT '-infinity'::timestamp with time zone NOT NULL
);

CREATE TABLE interaction.reports (
    id uuid NOT NULL,
    call_id uuid,
    reporter_id uuid NOT NULL,
    reported_id uuid NOT NULL,
    reason text NOT NULL,
    note text,
    created_at timestamp with time zone NOT NULL,
    status text DEFAULT 'open'::text NOT NULL,
    subject_type text DEFAULT 'call'::text NOT NULL,
    subject_id uuid,
    evidence bytea,
    evidence_key_id text,
    evidence_media_id uuid,
    case_id uuid,
    CONSTRAINT evidence_has_a_key CHECK (((evidence IS NULL) = (evidence_key_id IS NULL))),
    CONSTRAINT nobody_reports_themselves CHECK ((reporter_id <> reported_id)),
    CONSTRAINT reports_reason_check CHECK (((char_length(reason) >= 1) AND (char_length(reason) <= 64))),
    CONSTRAINT reports_status_check CHECK ((status = ANY (ARRAY['open'::text, 'reviewing'::text, 'actioned'::text, 'dismissed'::text]))),
    CONSTRAINT reports_subject_type_check CHECK ((subject_type = ANY (ARRAY['call'::text, 'user'::text, 'message'::text, 'post'::text, 'comment'::text, 'review'::text, 'group'::text])))
);

CREATE TABLE interaction.video_requests (
    id uuid NOT NULL,
    connection_id uuid NOT NULL,
    requester_id uuid NOT NULL,
    approver_id uuid NOT NULL,
    status text DEFAULT 'pending'::text NOT NULL,
    requested_at timestamp with time zone NOT NULL,
    responded_at timestamp with time zone,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT answered_at_some_time CHECK (((status = ANY (ARRAY['approved'::text, 'rejected'::text])) = (responded_at IS NOT NULL))),
    CONSTRAINT video_requests_status_check CHECK ((status = ANY (ARRAY['pending'::text, 'approved'::text, 'rejected'::text, 'expired'::text])))
);

CREATE TABLE jobs.pgqueuer (
    id bigint NOT NULL,
    entrypoint text NOT NULL,
    payload bytea,
    headers jsonb,
    status jobs.pgqueuer_status NOT NULL,
    priority integer NOT NULL,
    dedupe_key text,
    execute_after timestamp with time zone DEFAULT now() NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    queue_manager_id uuid,
    slot bigint,
    heartbeat timestamp with time zone DEFAULT now() NOT NULL,
    created timestamp with time zone DEFAULT now() NOT NULL,
    updated timestamp with time zone DEFAULT now() NOT NULL
);

COMMENT ON TABLE jobs.pgqueuer IS '`entrypoint` is the kind of a job, `queue_manager_id` the worker that has taken it and is alive at its `heartbeat`.';

ALTER TABLE jobs.pgqueuer ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME jobs.pgqueuer_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE jobs.pgqueuer_log (
    id bigint NOT NULL,
    job_id bigint NOT NULL,
    entrypoint text NOT NULL,
    status jobs.pgqueuer_status NOT NULL,
    priority integer NOT NULL,
    traceback jsonb,
    aggregated boolean DEFAULT false,
    created timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE jobs.pgqueuer_log ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME jobs.pgqueuer_log_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE jobs.pgqueuer_schedules (
    id bigint NOT NULL,
    entrypoint text NOT NULL,
    expression text NOT NULL,
    status jobs.pgqueuer_status DEFAULT 'queued'::jobs.pgqueuer_status,
    next_run timestamp with time zone DEFAULT now() NOT NULL,
    last_run timestamp with time zone,
    heartbeat timestamp with time zone DEFAULT now() NOT NULL,
    created timestamp with time zone DEFAULT now() NOT NULL,
    updated timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE jobs.pgqueuer_schedules ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME jobs.pgqueuer_schedules_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE places.check_ins (
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    location_id uuid NOT NULL,
    location_type text NOT NULL,
    local_day date NOT NULL,
    zone text NOT NULL,
    at timestamp with time zone NOT NULL,
    created_at timestamp with time zone NOT NULL,
    verified_by text,
    reason text,
    counts boolean NOT NULL,
    mood text,
    note text,
    flagged_at timestamp with time zone,
    flagged_by uuid,
    flag_reason text,
    CONSTRAINT a_flag_is_whole CHECK ((num_nonnulls(flagged_at, flagged_by, flag_reason) = ANY (ARRAY[0, 3]))),
    CONSTRAINT check_ins_flag_reason_check CHECK ((char_length(flag_reason) <= 500)),
    CONSTRAINT check_ins_location_type_check CHECK ((location_type = ANY (ARRAY['coffee'::text, 'gym'::text, 'mentor'::text, 'nutrition'::text, 'partner'::text]))),
    CONSTRAINT check_ins_mood_check CHECK ((mood = ANY (ARRAY['calm'::text, 'anxious'::text, 'neutral'::text, 'motivated'::text]))),
    CONSTRAINT check_ins_note_check CHECK ((char_length(note) <= 1000)),
    CONSTRAINT check_ins_reason_check CHECK ((reason = ANY (ARRAY['not_verified'::text, 'too_soon'::text, 'already_today'::text, 'too_many'::text, 'too_fast'::text]))),
    CONSTRAINT check_ins_verified_by_check CHECK ((verified_by = ANY (ARRAY['position'::text, 'qr'::text]))),
    CONSTRAINT counts_or_says_why_not CHECK ((counts = ((reason IS NULL) AND (flagged_at IS NULL)))),
    CONSTRAINT only_what_is_verified_counts CHECK (((verified_by IS NULL) = (NOT (reason IS DISTINCT FROM 'not_verified'::text))))
)
PARTITION BY RANGE (local_day);

ALTER TABLE ONLY places.check_ins FORCE ROW LEVEL SECURITY;

COMMENT ON COLUMN places.check_ins.local_day IS 'What the calendar showed in `zone` at that time.';

COMMENT ON COLUMN places.check_ins.flagged_at IS 'Staff of the place say that it is not true: from then on it does not count.';

CREATE TABLE places.check_ins_other (
    id uuid CONSTRAINT check_ins_id_not_null NOT NULL,
    user_id uuid CONSTRAINT check_ins_user_id_not_null NOT NULL,
    location_id uuid CONSTRAINT check_ins_location_id_not_null NOT NULL,
    location_type text CONSTRAINT check_ins_location_type_not_null NOT NULL,
    local_day date CONSTRAINT check_ins_local_day_not_null NOT NULL,
    zone text CONSTRAINT check_ins_zone_not_null NOT NULL,
    at timestamp with time zone CONSTRAINT check_ins_at_not_null NOT NULL,
    created_at timestamp with time zone CONSTRAINT check_ins_created_at_not_null NOT NULL,
    verified_by text,
    reason text,
    counts boolean CONSTRAINT check_ins_counts_not_null NOT NULL,
    mood text,
    note text,
    flagged_at timestamp with time zone,
    flagged_by uuid,
    flag_reason text,
    CONSTRAINT a_flag_is_whole CHECK ((num_nonnulls(flagged_at, flagged_by, flag_reason) = ANY (ARRAY[0, 3]))),
    CONSTRAINT check_ins_flag_reason_check CHECK ((char_length(flag_reason) <= 500)),
    CONSTRAINT check_ins_location_type_check CHECK ((location_type = ANY (ARRAY['coffee'::text, 'gym'::text, 'mentor'::text, 'nutrition'::text, 'partner'::text]))),
    CONSTRAINT check_ins_mood_check CHECK ((mood = ANY (ARRAY['calm'::text, 'anxious'::text, 'neutral'::text, 'motivated'::text]))),
    CONSTRAINT check_ins_note_check CHECK ((char_length(note) <= 1000)),
    CONSTRAINT check_ins_reason_check CHECK ((reason = ANY (ARRAY['not_verified'::text, 'too_soon'::text, 'already_today'::text, 'too_many'::text, 'too_fast'::text]))),
    CONSTRAINT check_ins_verified_by_check CHECK ((verified_by = ANY (ARRAY['position'::text, 'qr'::text]))),
    CONSTRAINT counts_or_says_why_not CHECK ((counts = ((reason IS NULL) AND (flagged_at IS NULL)))),
    CONSTRAINT only_what_is_verified_counts CHECK (((verified_by IS NULL) = (NOT (reason IS DISTINCT FROM 'not_verified'::text))))
);

CREATE TABLE places.journeys (
    user_id uuid NOT NULL,
    state jsonb NOT NULL,
    carried jsonb,
    carried_until date,
    updated_at timestamp with time zone NOT NULL,
    level smallint GENERATED ALWAYS AS (((state ->> 'level'::text))::smallint) STORED NOT NULL,
    total_check_ins integer GENERATED ALWAYS AS (((state ->> 'total'::text))::integer) STORED NOT NULL,
    current_streak integer GENERATED ALWAYS AS (COALESCE(((state ->> 'streak'::text))::integer, 0)) STORED NOT NULL,
    longest_streak integer GENERATED ALWAYS AS (COALESCE(((state ->> 'longest'::text))::integer, 0)) STORED NOT NULL,
    milestones jsonb GENERATED ALWAYS AS (COALESCE((state -> 'milestones'::text), '{}'::jsonb)) STORED NOT NULL,
    CONSTRAINT carried_until_some_day CHECK (((carried IS NULL) = (carried_until IS NULL))),
    CONSTRAINT journeys_check CHECK ((longest_streak >= current_streak)),
    CONSTRAINT journeys_level_check CHECK (((level >= 1) AND (level <= 5))),
    CONSTRAINT journeys_total_check_ins_check CHECK ((total_check_ins >= 0))
)
WITH (fillfactor='80');

ALTER TABLE ONLY places.journeys FORCE ROW LEVEL SECURITY;

CREATE TABLE places.mentor_notes (
    id uuid NOT NULL,
    session_id uuid NOT NULL,
    user_id uuid NOT NULL,
    notes text NOT NULL,
    updated_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY places.mentor_notes FORCE ROW LEVEL SECURITY;

CREATE TABLE places.mentor_sessions (
    id uuid NOT NULL,
    mentor_id uuid NOT NULL,
    mentor_user_id uuid NOT NULL,
    user_id uuid NOT NULL,
    starts_at timestamp with time zone NOT NULL,
    ends_at timestamp with time zone NOT NULL,
    type text NOT NULL,
    location_id uuid,
    status text DEFAULT 'scheduled'::text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    decided_at timestamp with time zone,
    decided_by uuid,
    reminded_at timestamp with time zone,
    CONSTRAINT decided_at_some_time CHECK (((status = 'scheduled'::text) = (decided_at IS NULL))),
    CONSTRAINT it_ends_after_it_began CHECK ((ends_at > starts_at)),
    CONSTRAINT mentor_sessions_status_check CHECK ((status = ANY (ARRAY['scheduled'::text, 'completed'::text, 'cancelled'::text, 'no-show'::text]))),
    CONSTRAINT mentor_sessions_type_check CHECK ((type = ANY (ARRAY['in-person'::text, 'virtual'::text]))),
    CONSTRAINT nobody_mentors_themselves CHECK ((user_id <> mentor_user_id))
);

ALTER TABLE ONLY places.mentor_sessions FORCE ROW LEVEL SECURITY;

COMMENT ON COLUMN places.mentor_sessions.decided_by IS 'Who has cancelled it, said what became of it, or shown it by coming; null: nobody, the two were parted, or it was settled on nobody''s word.';

COMMENT ON COLUMN places.mentor_sessions.reminded_at IS 'Of which beginning both were reminded.';

CREATE TABLE places.mentors (
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    title text NOT NULL,
    specialization text[] NOT NULL,
    bio text NOT NULL,
    verified boolean NOT NULL,
    available boolean NOT NULL,
    schedule_type text NOT NULL,
    schedule jsonb NOT NULL,
    session_m integer NOT NULL,
    location_id uuid,
    rating_sum integer DEFAULT 0 NOT NULL,
    review_count integer DEFAULT 0 NOT NULL,
    total_sessions integer DEFAULT 0 NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT mentors_bio_check CHECK ((char_length(bio) <= 4000)),
    CONSTRAINT mentors_rated_from_one_to_five CHECK (((rating_sum >= review_count) AND (rating_sum <= (review_count * 5)))),
    CONSTRAINT mentors_schedule_type_check CHECK ((schedule_type = ANY (ARRAY['in-person'::text, 'virtual'::text, 'both'::text]))),
    CONSTRAINT mentors_session_m_check CHECK (((session_m >= 15) AND (session_m <= 240))),
    CONSTRAINT mentors_title_check CHECK ((char_length(title) <= 100)),
    CONSTRAINT mentors_total_sessions_check CHECK ((total_sessions >= 0))
);

COMMENT ON COLUMN places.mentors.schedule IS 'Weekly hours and exceptions in the zone of the mentor, as those of a place.';

CREATE TABLE places.reviews (
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    location_id uuid,
    mentor_id uuid,
    rating smallint NOT NULL,
    title text,
    content text,
    verified_visit boolean DEFAULT false NOT NULL,
    created_at timestamp with time zone NOT NULL,
    edited_at timestamp with time zone,
    hidden_at timestamp with time zone,
    CONSTRAINT of_one_subject CHECK ((num_nonnulls(location_id, mentor_id) = 1)),
    CONSTRAINT reviews_content_check CHECK ((char_length(content) <= 4000)),
    CONSTRAINT reviews_rating_check CHECK (((rating >= 1) AND (rating <= 5))),
    CONSTRAINT reviews_title_check CHECK ((char_length(title) <= 255))
);

COMMENT ON COLUMN places.reviews.hidden_at IS 'A report of it was found right: it is shown to its author alone, and not counted.';

CREATE TABLE places.reward_ledger (
    id uuid NOT NULL,
    reward_id uuid NOT NULL,
    kind text NOT NULL,
    at timestamp with time zone NOT NULL,
    partner_id uuid,
    location_id uuid,
    by_id uuid,
    redemption_id uuid,
    reason text,
    CONSTRAINT redeemed_by_somebody_somewhere CHECK (((kind = 'redeemed'::text) = (location_id IS NOT NULL))),
    CONSTRAINT reversed_by_somebody CHECK (((kind = ANY (ARRAY['redeemed'::text, 'reversed'::text])) = (by_id IS NOT NULL))),
    CONSTRAINT reversed_is_a_redemption CHECK (((kind = 'reversed'::text) = (redemption_id IS NOT NULL))),
    CONSTRAINT reward_ledger_kind_check CHECK ((kind = ANY (ARRAY['granted'::text, 'redeemed'::text, 'reversed'::text, 'expired'::text]))),
    CONSTRAINT reward_ledger_reason_check CHECK ((char_length(reason) <= 500))
);

COMMENT ON COLUMN places.reward_ledger.partner_id IS 'For whose figures it counts: of a redemption, the one of the place.';

CREATE TABLE places.reward_rules (
    id uuid NOT NULL,
    kind text NOT NULL,
    every integer DEFAULT 1 NOT NULL,
    at text,
    reaches integer,
    milestone text,
    type text NOT NULL,
    title text NOT NULL,
    description text,
    partner_id uuid,
    valid_days integer,
    active boolean DEFAULT true NOT NULL,
    budget integer,
    granted integer DEFAULT 0 NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT reward_rules_at_check CHECK ((at = ANY (ARRAY['coffee'::text, 'gym'::text, 'mentor'::text, 'nutrition'::text, 'partner'::text]))),
    CONSTRAINT reward_rules_budget_check CHECK ((budget >= 0)),
    CONSTRAINT reward_rules_every_check CHECK ((every >= 1)),
    CONSTRAINT reward_rules_granted_check CHECK ((granted >= 0)),
    CONSTRAINT reward_rules_kind_check CHECK ((kind = ANY (ARRAY['check_in'::text, 'streak'::text, 'level'::text, 'milestone'::text, 'first_call'::text, 'kept_connection'::text, 'mentor_session'::text]))),
    CONSTRAINT reward_rules_reaches_check CHECK ((reaches >= 1)),
    CONSTRAINT reward_rules_title_check CHECK ((title <> ''::text)),
    CONSTRAINT reward_rules_type_check CHECK ((type = ANY (ARRAY['coffee'::text, 'gym_pass'::text, 'discount'::text, 'badge'::text]))),
    CONSTRAINT reward_rules_valid_days_check CHECK ((valid_days >= 1)),
    CONSTRAINT within_the_budget_of_the_rule CHECK ((granted <= budget))
);

CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
);

CREATE TABLE safety.appeals (
    id uuid NOT NULL,
    strike_id uuid NOT NULL,
    text text NOT NULL,
    at timestamp with time zone NOT NULL,
    state text DEFAULT 'open'::text NOT NULL,
    decided_by uuid,
    decided_at timestamp with time zone,
    note text,
    CONSTRAINT appeals_state_check CHECK ((state = ANY (ARRAY['open'::text, 'granted'::text, 'refused'::text]))),
    CONSTRAINT decided_at_some_time CHECK (((state = 'open'::text) = (decided_at IS NULL)))
);

CREATE VIEW safety.avoiders AS
 SELECT blocks.blocked_id AS user_id,
    blocks.blocker_id AS avoider_id
   FROM identity.blocks
UNION ALL
 SELECT reports.reported_id AS user_id,
    reports.reporter_id AS avoider_id
   FROM interaction.reports;

COMMENT ON VIEW safety.avoiders IS 'Who has blocked or reported a user, and so must not meet them under another name either.';

CREATE TABLE safety.cases (
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    severity integer NOT NULL,
    state text DEFAULT 'open'::text NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    claimed_by uuid,
    claimed_until timestamp with time zone,
    decided_by uuid,
    decided_at timestamp with time zone,
    action text,
    days integer,
    note text,
    undone_by uuid,
    undone_at timestamp with time zone,
    CONSTRAINT cases_action_check CHECK ((action = ANY (ARRAY['dismiss'::text, 'warn'::text, 'suspend'::text, 'ban'::text]))),
    CONSTRAINT cases_days_check CHECK ((days > 0)),
    CONSTRAINT cases_severity_check CHECK ((severity >= 0)),
    CONSTRAINT cases_state_check CHECK ((state = ANY (ARRAY['open'::text, 'claimed'::text, 'decided'::text]))),
    CONSTRAINT claimed_by_somebody CHECK (((state <> 'claimed'::text) OR ((claimed_by IS NOT NULL) AND (claimed_until IS NOT NULL)))),
    CONSTRAINT days_of_a_suspension CHECK (((days IS NULL) OR (action = 'suspend'::text))),
    CONSTRAINT decided_by_somebody CHECK ((((state = 'decided'::text) = (decided_by IS NOT NULL)) AND ((decided_by IS NULL) = (decided_at IS NULL)) AND ((decided_by IS NULL) = (action IS NULL)))),
    CONSTRAINT undone_by_somebody CHECK (((undone_by IS NULL) = (undone_at IS NULL)))
);

CREATE TABLE safety.known_marks (
    user_id uuid NOT NULL,
    kind text NOT NULL,
    mark bytea NOT NULL,
    first_seen timestamp with time zone NOT NULL,
    last_seen timestamp with time zone NOT NULL,
    barred boolean DEFAULT false NOT NULL,
    CONSTRAINT known_marks_kind_check CHECK ((kind = ANY (ARRAY['email'::text, 'mailbox'::text, 'phone'::text, 'device'::text, 'network'::text, 'photo'::text, 'client'::text, 'name'::text, 'person'::text, 'age'::text]))),
    CONSTRAINT known_marks_mark_check CHECK (((octet_length(mark) >= 8) AND (octet_length(mark) <= 32)))
);

CREATE TABLE safety.looks (
    case_id uuid NOT NULL,
    user_id uuid NOT NULL,
    reports uuid[] NOT NULL
);

CREATE TABLE safety.removed_pictures (
    media_id uuid NOT NULL,
    hash bigint NOT NULL,
    removed_at timestamp with time zone NOT NULL
);

CREATE TABLE safety.strikes (
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    case_id uuid,
    action text NOT NULL,
    reason text NOT NULL,
    at timestamp with time zone NOT NULL,
    until timestamp with time zone,
    by uuid,
    ban_id uuid,
    lifted_at timestamp with time zone,
    CONSTRAINT strikes_action_check CHECK ((action = ANY (ARRAY['warn'::text, 'suspend'::text, 'ban'::text]))),
    CONSTRAINT strikes_reason_check CHECK (((char_length(reason) >= 1) AND (char_length(reason) <= 2000)))
);

CREATE TABLE safety.suspicions (
    user_id uuid NOT NULL,
    of_user_id uuid NOT NULL,
    kind text NOT NULL,
    shared text[] NOT NULL,
    weight real NOT NULL,
    suspect boolean NOT NULL,
    at timestamp with time zone NOT NULL,
    cleared_at timestamp with time zone,
    cleared_by uuid,
    CONSTRAINT cleared_before_by CHECK (((cleared_by IS NULL) OR (cleared_at IS NOT NULL))),
    CONSTRAINT nobody_is_suspected_of_themselves CHECK ((user_id <> of_user_id)),
    CONSTRAINT suspicions_kind_check CHECK (((char_length(kind) >= 1) AND (char_length(kind) <= 32)))
);

CREATE VIEW safety.suspected_pairs AS
 SELECT DISTINCT s.user_id AS suspected,
    a.avoider_id AS avoider,
    s.of_user_id
   FROM (safety.suspicions s
     JOIN safety.avoiders a ON (((a.user_id = s.of_user_id) AND (a.avoider_id <> s.user_id))))
  WHERE ((s.cleared_at IS NULL) AND (NOT (EXISTS ( SELECT
           FROM interaction.connections c
          WHERE ((c.user_a = LEAST(s.user_id, a.avoider_id)) AND (c.user_b = GREATEST(s.user_id, a.avoider_id)) AND (c.ended_at IS NULL))))) AND (NOT (EXISTS ( SELECT
           FROM social.friendships f
          WHERE ((f.user_a = LEAST(s.user_id, a.avoider_id)) AND (f.user_b = GREATEST(s.user_id, a.avoider_id)) AND (f.ended_at IS NULL))))));

COMMENT ON VIEW safety.suspected_pairs IS 'Somebody who may be a user that was banned, somebody who has blocked or reported that user, and that user.';

CREATE TABLE social.contacts (
    owner_id uuid NOT NULL,
    mark bytea NOT NULL,
    sent_at timestamp with time zone NOT NULL,
    user_id uuid,
    CONSTRAINT contacts_mark_check CHECK ((octet_length(mark) = 32)),
    CONSTRAINT nobody_is_their_own_contact CHECK ((user_id <> owner_id))
);

ALTER TABLE ONLY social.contacts FORCE ROW LEVEL SECURITY;

CREATE VIEW social.contacts_found AS
 SELECT owner_id,
    mark,
    user_id
   FROM social.contacts c
  WHERE ((user_id IS NOT NULL) AND ( SELECT (s.find_by_phone AND (s.hide_from_contacts IS NOT TRUE))
           FROM identity.settings s
          WHERE (s.user_id = c.user_id)));

COMMENT ON VIEW social.contacts_found IS 'Whom each user has in their contacts, of those who let themselves be found by who has their number.';

CREATE TABLE social.friend_requests (
    id uuid NOT NULL,
    sender_id uuid NOT NULL,
    receiver_id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    state text DEFAULT 'open'::text NOT NULL,
    closed_at timestamp with time zone,
    CONSTRAINT closed_at_some_time CHECK (((state = 'open'::text) = (closed_at IS NULL))),
    CONSTRAINT friend_requests_state_check CHECK ((state = ANY (ARRAY['open'::text, 'accepted'::text, 'refused'::text, 'withdrawn'::text]))),
    CONSTRAINT nobody_asks_themselves CHECK ((sender_id <> receiver_id))
);

CREATE VIEW social.friends AS
 SELECT friendships.user_a AS user_id,
    friendships.user_b AS friend_id,
    friendships.id,
    friendships.room_id,
    friendships.created_at
   FROM social.friendships
  WHERE (friendships.ended_at IS NULL)
UNION ALL
 SELECT friendships.user_b AS user_id,
    friendships.user_a AS friend_id,
    friendships.id,
    friendships.room_id,
    friendships.created_at
   FROM social.friendships
  WHERE (friendships.ended_at IS NULL);

COMMENT ON VIEW social.friends IS 'Who are friends: each friendship in both orders.';

CREATE VIEW social.hidden_from AS
 SELECT c.user_id,
    c.owner_id AS from_id
   FROM social.contacts c
  WHERE ((c.user_id IS NOT NULL) AND ( SELECT s.hide_from_contacts
           FROM identity.settings s
          WHERE (s.user_id = c.user_id)))
UNION ALL
 SELECT c.owner_id AS user_id,
    c.user_id AS from_id
   FROM social.contacts c
  WHERE ((c.user_id IS NOT NULL) AND ( SELECT s.hide_from_contacts
           FROM identity.settings s
          WHERE (s.user_id = c.owner_id)));

COMMENT ON VIEW social.hidden_from IS 'Users who hide from contacts, and from whom: who has their number, and whose number they have. These do not find them, and
neither is offered to the other.';

CREATE TABLE social.notification_lanes (
    user_id uuid NOT NULL,
    last_news bigint DEFAULT 0 NOT NULL,
    CONSTRAINT notification_lanes_last_news_check CHECK ((last_news >= 0))
);

ALTER TABLE ONLY social.notification_lanes FORCE ROW LEVEL SECURITY;

CREATE TABLE social.notification_outbox (
    lane uuid NOT NULL,
    number bigint NOT NULL,
    event text NOT NULL,
    subject uuid NOT NULL,
    CONSTRAINT notification_outbox_event_check CHECK (((char_length(event) >= 1) AND (char_length(event) <= 100))),
    CONSTRAINT notification_outbox_number_check CHECK ((number > 0))
)
WITH (autovacuum_vacuum_scale_factor='0', autovacuum_vacuum_threshold='1000');

ALTER TABLE ONLY social.notification_outbox FORCE ROW LEVEL SECURITY;

CREATE TABLE social.notifications_other (
    id uuid CONSTRAINT notifications_id_not_null NOT NULL,
    user_id uuid CONSTRAINT notifications_user_id_not_null NOT NULL,
    kind text CONSTRAINT notifications_kind_not_null NOT NULL,
    title text CONSTRAINT notifications_title_not_null NOT NULL,
    body text CONSTRAINT notifications_body_not_null NOT NULL,
    subject_type text,
    subject_id uuid,
    about_id uuid,
    action_label text,
    action_url text,
    created_at timestamp with time zone CONSTRAINT notifications_created_at_not_null NOT NULL,
    delivered_at timestamp with time zone,
    read_at timestamp with time zone,
    expires_at timestamp with time zone,
    CONSTRAINT a_subject_is_whole CHECK (((subject_type IS NULL) = (subject_id IS NULL))),
    CONSTRAINT an_action_is_whole CHECK (((action_label IS NULL) = (action_url IS NULL))),
    CONSTRAINT notifications_body_check CHECK ((char_length(body) <= 1000)),
    CONSTRAINT notifications_kind_check CHECK ((kind = ANY (ARRAY['missed_call'::text, 'video_request'::text, 'friend_request'::text, 'friend_accepted'::text, 'comment'::text, 'like'::text, 'strike'::text, 'appeal'::text, 'reward'::text, 'milestone'::text, 'streak'::text, 'mentor_session'::text, 'export'::text, 'system'::text]))),
    CONSTRAINT notifications_title_check CHECK (((char_length(title) >= 1) AND (char_length(title) <= 200)))
);

CREATE TABLE social.post_likes (
    post_id uuid NOT NULL,
    user_id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY places.check_ins ATTACH PARTITION places.check_ins_other DEFAULT;

ALTER TABLE ONLY social.notifications ATTACH PARTITION social.notifications_other DEFAULT;

ALTER TABLE ONLY communication.deliveries
    ADD CONSTRAINT deliveries_pkey PRIMARY KEY (room_id, user_id, seq);

ALTER TABLE ONLY communication.groups
    ADD CONSTRAINT groups_pkey PRIMARY KEY (id);

ALTER TABLE ONLY communication.invitations
    ADD CONSTRAINT invitations_pkey PRIMARY KEY (id);

ALTER TABLE ONLY communication.members
    ADD CONSTRAINT members_pkey PRIMARY KEY (room_id, user_id);

ALTER TABLE ONLY communication.messages
    ADD CONSTRAINT messages_pkey PRIMARY KEY (id);

ALTER TABLE ONLY communication.groups
    ADD CONSTRAINT one_group_a_room UNIQUE (room_id);

ALTER TABLE ONLY communication.messages
    ADD CONSTRAINT one_message_a_client_id UNIQUE (sender_id, client_id, room_id);

ALTER TABLE ONLY communication.messages
    ADD CONSTRAINT one_message_a_seq UNIQUE (room_id, seq);

ALTER TABLE ONLY communication.rooms
    ADD CONSTRAINT one_room_a_connection UNIQUE (connection_id);

ALTER TABLE ONLY communication.outbox
    ADD CONSTRAINT outbox_pkey PRIMARY KEY (lane, number);

ALTER TABLE ONLY communication.pushes
    ADD CONSTRAINT pushes_pkey PRIMARY KEY (room_id, user_id);

ALTER TABLE ONLY communication.reads
    ADD CONSTRAINT reads_pkey PRIMARY KEY (room_id, user_id, seq);

ALTER TABLE ONLY communication.rooms
    ADD CONSTRAINT rooms_pkey PRIMARY KEY (id);

ALTER TABLE ONLY identity.activity
    ADD CONSTRAINT activity_pkey PRIMARY KEY (user_id);

ALTER TABLE ONLY identity.audit_log
    ADD CONSTRAINT audit_log_pkey PRIMARY KEY (id);

ALTER TABLE ONLY identity.bans
    ADD CONSTRAINT bans_pkey PRIMARY KEY (id);

ALTER TABLE ONLY identity.blocks
    ADD CONSTRAINT blocks_pkey PRIMARY KEY (blocker_id, blocked_id);

ALTER TABLE ONLY identity.consents
    ADD CONSTRAINT consents_pkey PRIMARY KEY (number);

ALTER TABLE ONLY identity.data_keys
    ADD CONSTRAINT data_keys_pkey PRIMARY KEY (id);

ALTER TABLE ONLY identity.devices
    ADD CONSTRAINT devices_pkey PRIMARY KEY (user_id, device_id);

ALTER TABLE ONLY identity.erasures
    ADD CONSTRAINT erasures_pkey PRIMARY KEY (user_id);

ALTER TABLE ONLY identity.exports
    ADD CONSTRAINT exports_pkey PRIMARY KEY (id);

ALTER TABLE ONLY identity.expulsions
    ADD CONSTRAINT expulsions_pkey PRIMARY KEY (id);

ALTER TABLE ONLY identity.former_usernames
    ADD CONSTRAINT former_usernames_pkey PRIMARY KEY (username);

ALTER TABLE ONLY identity.idempotent_requests
    ADD CONSTRAINT idempotent_requests_pkey PRIMARY KEY (operation, key, owner);

ALTER TABLE ONLY identity.kept_keys
    ADD CONSTRAINT kept_keys_pkey PRIMARY KEY (purpose, kid);

ALTER TABLE ONLY identity.key_holders
    ADD CONSTRAINT key_holders_pkey PRIMARY KEY (node);

ALTER TABLE identity.logins
    ADD CONSTRAINT logins_hint_check CHECK ((starts_with(hint, chr(1)) OR (char_length(hint) <= 254))) NOT VALID;

ALTER TABLE ONLY identity.logins
    ADD CONSTRAINT logins_pkey PRIMARY KEY (id);

ALTER TABLE ONLY identity.logins
    ADD CONSTRAINT one_account_a_login UNIQUE (provider, subject_hash);

ALTER TABLE ONLY identity.one_time_codes
    ADD CONSTRAINT one_code_a_subject UNIQUE (purpose, subject);

ALTER TABLE ONLY identity.exports
    ADD CONSTRAINT one_export_an_object UNIQUE (key);

ALTER TABLE ONLY identity.one_time_codes
    ADD CONSTRAINT one_time_codes_pkey PRIMARY KEY (id);

ALTER TABLE ONLY identity.profiles
    ADD CONSTRAINT profiles_pkey PRIMARY KEY (user_id);

ALTER TABLE ONLY identity.refresh_tokens
    ADD CONSTRAINT refresh_tokens_pkey PRIMARY KEY (hash);

ALTER TABLE ONLY identity.sessions
    ADD CONSTRAINT sessions_pkey PRIMARY KEY (id);

ALTER TABLE ONLY identity.settings
    ADD CONSTRAINT settings_pkey PRIMARY KEY (user_id);

ALTER TABLE ONLY identity.totp
    ADD CONSTRAINT totp_pkey PRIMARY KEY (user_id);

ALTER TABLE ONLY identity.user_values
    ADD CONSTRAINT user_values_pkey PRIMARY KEY (user_id, key);

ALTER TABLE identity.users
    ADD CONSTRAINT users_email_check CHECK ((starts_with(email, chr(1)) OR ((char_length(email) >= 3) AND (char_length(email) <= 254)))) NOT VALID;

ALTER TABLE ONLY identity.users
    ADD CONSTRAINT users_pkey PRIMARY KEY (id);

ALTER TABLE ONLY interaction.call_participants
    ADD CONSTRAINT call_participants_pkey PRIMARY KEY (call_id, user_id);

ALTER TABLE ONLY interaction.call_timelines
    ADD CONSTRAINT call_timelines_pkey PRIMARY KEY (call_id);

ALTER TABLE interaction.calls
    ADD CONSTRAINT calls_origin_check CHECK ((origin = ANY (ARRAY['match'::text, 'direct'::text, 'echo'::text]))) NOT VALID;

ALTER TABLE ONLY interaction.calls
    ADD CONSTRAINT calls_pkey PRIMARY KEY (id);

ALTER TABLE ONLY interaction.connections
    ADD CONSTRAINT connections_pkey PRIMARY KEY (id);

ALTER TABLE ONLY interaction.decisions
    ADD CONSTRAINT decisions_pkey PRIMARY KEY (call_id, user_id);

ALTER TABLE ONLY interaction.match_decisions
    ADD CONSTRAINT match_decisions_pkey PRIMARY KEY (call_id);

ALTER TABLE ONLY interaction.connections
    ADD CONSTRAINT one_connection_a_call UNIQUE (call_id);

ALTER TABLE ONLY interaction.reports
    ADD CONSTRAINT one_report_a_call_and_reporter UNIQUE (call_id, reporter_id);

ALTER TABLE ONLY interaction.pending_blocks
    ADD CONSTRAINT pending_blocks_pkey PRIMARY KEY (id);

ALTER TABLE ONLY interaction.pending_reports
    ADD CONSTRAINT pending_reports_pkey PRIMARY KEY (report_id);

ALTER TABLE interaction.reports
    ADD CONSTRAINT reports_note_check CHECK ((starts_with(note, chr(1)) OR (char_length(note) <= 2000))) NOT VALID;

ALTER TABLE ONLY interaction.reports
    ADD CONSTRAINT reports_pkey PRIMARY KEY (id);

ALTER TABLE ONLY interaction.video_requests
    ADD CONSTRAINT video_requests_pkey PRIMARY KEY (id);

ALTER TABLE ONLY jobs.pgqueuer_schedules
    ADD CONSTRAINT one_schedule_a_kind UNIQUE (entrypoint, expression);

ALTER TABLE ONLY jobs.pgqueuer_log
    ADD CONSTRAINT pgqueuer_log_pkey PRIMARY KEY (id);

ALTER TABLE ONLY jobs.pgqueuer
    ADD CONSTRAINT pgqueuer_pkey PRIMARY KEY (id);

ALTER TABLE ONLY jobs.pgqueuer_schedules
    ADD CONSTRAINT pgqueuer_schedules_pkey PRIMARY KEY (id);

ALTER TABLE ONLY places.check_ins
    ADD CONSTRAINT check_ins_pkey PRIMARY KEY (id, local_day);

ALTER TABLE ONLY places.check_ins_other
    ADD CONSTRAINT check_ins_other_pkey PRIMARY KEY (id, local_day);

ALTER TABLE ONLY places.journeys
    ADD CONSTRAINT journeys_pkey PRIMARY KEY (user_id);

ALTER TABLE ONLY places.locations
    ADD CONSTRAINT locations_pkey PRIMARY KEY (id);

ALTER TABLE ONLY places.mentor_notes
    ADD CONSTRAINT mentor_notes_pkey PRIMARY KEY (id);

ALTER TABLE ONLY places.mentor_sessions
    ADD CONSTRAINT mentor_sessions_pkey PRIMARY KEY (id);

ALTER TABLE ONLY places.mentors
    ADD CONSTRAINT mentors_pkey PRIMARY KEY (id);

ALTER TABLE ONLY places.mentor_sessions
    ADD CONSTRAINT nobody_in_two_sessions EXCLUDE USING gist (tstzrange(starts_at, ends_at) WITH &&, places.uuid_multirange(VARIADIC ARRAY[places.uuid_range(user_id, user_id, '[]'::text), places.uuid_range(mentor_user_id, mentor_user_id, '[]'::text)]) WITH &&) WHERE ((status <> 'cancelled'::text));

ALTER TABLE ONLY places.mentors
    ADD CONSTRAINT one_mentor_a_user UNIQUE (user_id);

ALTER TABLE ONLY places.mentor_notes
    ADD CONSTRAINT one_note_a_session_and_user UNIQUE (session_id, user_id);

ALTER TABLE ONLY places.locations
    ADD CONSTRAINT one_place_a_source UNIQUE (source, source_id);

ALTER TABLE ONLY places.partner_staff
    ADD CONSTRAINT partner_staff_pkey PRIMARY KEY (partner_id, user_id);

ALTER TABLE ONLY places.partners
    ADD CONSTRAINT partners_pkey PRIMARY KEY (id);

ALTER TABLE ONLY places.reviews
    ADD CONSTRAINT reviews_pkey PRIMARY KEY (id);

ALTER TABLE ONLY places.reward_ledger
    ADD CONSTRAINT reward_ledger_pkey PRIMARY KEY (id);

ALTER TABLE ONLY places.reward_ledger
    ADD CONSTRAINT reward_ledger_redemption_id_key UNIQUE (redemption_id);

ALTER TABLE ONLY places.reward_rules
    ADD CONSTRAINT reward_rules_pkey PRIMARY KEY (id);

ALTER TABLE ONLY places.rewards
    ADD CONSTRAINT rewards_pkey PRIMARY KEY (id);

ALTER TABLE ONLY places.rewards
    ADD CONSTRAINT rewards_replaces_key UNIQUE (replaces);

ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);

ALTER TABLE ONLY safety.apart
    ADD CONSTRAINT apart_pkey PRIMARY KEY (one, other, suspected);

ALTER TABLE safety.appeals
    ADD CONSTRAINT appeals_note_check CHECK ((starts_with(note, chr(1)) OR (char_length(note) <= 2000))) NOT VALID;

ALTER TABLE ONLY safety.appeals
    ADD CONSTRAINT appeals_pkey PRIMARY KEY (id);

ALTER TABLE safety.appeals
    ADD CONSTRAINT appeals_text_check CHECK ((starts_with(text, chr(1)) OR ((char_length(text) >= 1) AND (char_length(text) <= 4000)))) NOT VALID;

ALTER TABLE safety.cases
    ADD CONSTRAINT cases_note_check CHECK ((starts_with(note, chr(1)) OR (char_length(note) <= 2000))) NOT VALID;

ALTER TABLE ONLY safety.cases
    ADD CONSTRAINT cases_pkey PRIMARY KEY (id);

ALTER TABLE ONLY safety.known_marks
    ADD CONSTRAINT known_marks_pkey PRIMARY KEY (user_id, kind, mark);

ALTER TABLE ONLY safety.looks
    ADD CONSTRAINT looks_pkey PRIMARY KEY (case_id, user_id);

ALTER TABLE ONLY safety.appeals
    ADD CONSTRAINT one_appeal_a_strike UNIQUE (strike_id);

ALTER TABLE ONLY safety.removed_pictures
    ADD CONSTRAINT removed_pictures_pkey PRIMARY KEY (media_id);

ALTER TABLE ONLY safety.strikes
    ADD CONSTRAINT strikes_pkey PRIMARY KEY (id);

ALTER TABLE ONLY safety.suspicions
    ADD CONSTRAINT suspicions_pkey PRIMARY KEY (user_id, of_user_id);

ALTER TABLE ONLY social.comments
    ADD CONSTRAINT comment_of_a_post UNIQUE (id, post_id);

ALTER TABLE ONLY social.comments
    ADD CONSTRAINT comments_pkey PRIMARY KEY (id);

ALTER TABLE ONLY social.contacts
    ADD CONSTRAINT contacts_pkey PRIMARY KEY (owner_id, mark);

ALTER TABLE ONLY social.findable
    ADD CONSTRAINT findable_pkey PRIMARY KEY (user_id);

ALTER TABLE ONLY social.friend_requests
    ADD CONSTRAINT friend_requests_pkey PRIMARY KEY (id);

ALTER TABLE ONLY social.friendships
    ADD CONSTRAINT friendships_pkey PRIMARY KEY (id);

ALTER TABLE ONLY social.media
    ADD CONSTRAINT media_pkey PRIMARY KEY (id);

ALTER TABLE ONLY social.notification_lanes
    ADD CONSTRAINT notification_lanes_pkey PRIMARY KEY (user_id);

ALTER TABLE ONLY social.notification_outbox
    ADD CONSTRAINT notification_outbox_pkey PRIMARY KEY (lane, number);

ALTER TABLE ONLY social.notifications
    ADD CONSTRAINT notifications_pkey PRIMARY KEY (id);

ALTER TABLE ONLY social.notifications_other
    ADD CONSTRAINT notifications_other_pkey PRIMARY KEY (id);

ALTER TABLE ONLY social.media
    ADD CONSTRAINT one_media_an_object UNIQUE (key);

ALTER TABLE ONLY social.post_audience
    ADD CONSTRAINT post_audience_pkey PRIMARY KEY (user_id, post_id);

ALTER TABLE ONLY social.post_likes
    ADD CONSTRAINT post_likes_pkey PRIMARY KEY (post_id, user_id);

ALTER TABLE ONLY social.posts
    ADD CONSTRAINT posts_pkey PRIMARY KEY (id);

CREATE INDEX groups_that_forget ON communication.groups USING btree (id) WHERE (keep_days IS NOT NULL);

CREATE INDEX invitations_of_a_group ON communication.invitations USING btree (group_id, id);

CREATE INDEX invitations_of_a_user ON communication.invitations USING btree (made_by);

CREATE INDEX invitations_that_have_expired ON communication.invitations USING btree (expires_at);

CREATE INDEX messages_by_words ON communication.messages USING gin (communication.indexed(room_id, seq, content)) WITH (gin_pending_list_limit='64') WHERE ((content IS NOT NULL) AND (type <> 'system'::text));

CREATE INDEX messages_with_a_media ON communication.messages USING btree (media_id) WHERE (media_id IS NOT NULL);

CREATE INDEX pushes_of_a_user ON communication.pushes USING btree (user_id);

CREATE INDEX rooms_of_a_user ON communication.members USING btree (user_id, room_id);

CREATE INDEX audit_by_actor ON identity.audit_log USING btree (actor_id, id) WHERE (actor_id IS NOT NULL);

CREATE INDEX audit_by_subject ON identity.audit_log USING btree (subject_id, id) WHERE (subject_id IS NOT NULL);

CREATE INDEX bans_by_begin ON identity.bans USING btree (COALESCE(begins_at, created_at));

CREATE INDEX bans_of_a_user ON identity.bans USING btree (user_id);

CREATE INDEX bans_to_enforce ON identity.bans USING btree (taken_until) WHERE ((enforced_at IS NULL) AND (lifted_at IS NULL));

CREATE INDEX blocks_by_the_blocked ON identity.blocks USING btree (blocked_id, blocker_id);

CREATE INDEX blocks_of_a_blocker ON identity.blocks USING btree (blocker_id, created_at, blocked_id);

CREATE INDEX consents_of_a_user ON identity.consents USING btree (user_id, kind, number DESC);

CREATE INDEX devices_by_endpoint ON identity.devices USING btree (((subscription ->> 'endpoint'::text))) WHERE (subscription IS NOT NULL);

CREATE INDEX devices_by_token ON identity.devices USING btree (token) WHERE (token IS NOT NULL);

CREATE INDEX devices_by_voip_token ON identity.devices USING btree (voip_token) WHERE (voip_token IS NOT NULL);

CREATE INDEX devices_of_a_session ON identity.devices USING btree (session_id);

CREATE INDEX erasures_done ON identity.erasures USING btree (done_at) WHERE (done_at IS NOT NULL);

CREATE INDEX erasures_to_do ON identity.erasures USING btree (erases_at) WHERE (done_at IS NULL);

CREATE INDEX exports_at_work ON identity.exports USING btree (asked_at) WHERE ((state = 'running'::text) AND (expires_at IS NULL));

CREATE INDEX exports_of_a_user ON identity.exports USING btree (user_id, id);

CREATE INDEX exports_to_delete ON identity.exports USING btree (expires_at) WHERE (expires_at IS NOT NULL);

CREATE INDEX expulsions_to_take ON identity.expulsions USING btree (taken_until);

CREATE INDEX former_usernames_by_end ON identity.former_usernames USING btree (until);

CREATE INDEX former_usernames_of_a_user ON identity.former_usernames USING btree (user_id);

CREATE INDEX idempotent_requests_by_age ON identity.idempotent_requests USING btree (created_at);

CREATE INDEX logins_of_a_user ON identity.logins USING btree (user_id);

CREATE UNIQUE INDEX one_account_a_username ON identity.users USING btree (lower(username));

CREATE UNIQUE INDEX one_account_an_email ON identity.users USING btree (lower(email));

CREATE UNIQUE INDEX one_account_an_email_hash ON identity.users USING btree (email_hash);

CREATE UNIQUE INDEX one_fresh_token_a_session ON identity.refresh_tokens USING btree (session_id) WHERE ((used_at IS NULL) AND (void_at IS NULL));

CREATE UNIQUE INDEX one_kept_key_writes ON identity.kept_keys USING btree (purpose) WHERE writes;

CREATE UNIQUE INDEX one_password_an_account ON identity.logins USING btree (user_id) WHERE (provider = 'password'::text);

CREATE UNIQUE INDEX one_running_export_a_user ON identity.exports USING btree (user_id) WHERE ((state = 'running'::text) AND (expires_at IS NULL));

CREATE UNIQUE INDEX one_successor_a_token ON identity.refresh_tokens USING btree (parent) WHERE (void_at IS NULL);

CREATE INDEX one_time_codes_by_age ON identity.one_time_codes USING btree (expires_at);

CREATE INDEX one_time_codes_by_hash ON identity.one_time_codes USING btree (hash);

CREATE INDEX one_time_codes_of_a_user ON identity.one_time_codes USING btree (user_id) WHERE (user_id IS NOT NULL);

CREATE INDEX probes ON identity.users USING btree (id) WHERE probe;

CREATE INDEX profiles_by_display_name ON identity.profiles USING btree (lower(display_name) text_pattern_ops);

CREATE INDEX sessions_by_end ON identity.sessions USING btree (expires_at);

CREATE INDEX sessions_of_a_user ON identity.sessions USING btree (user_id, id);

CREATE INDEX tokens_by_end ON identity.refresh_tokens USING btree (expires_at);

CREATE INDEX tokens_of_a_session ON identity.refresh_tokens USING btree (session_id);

CREATE INDEX users_by_email ON identity.users USING btree (lower(email) text_pattern_ops);

CREATE INDEX users_by_username ON identity.users USING btree (lower(username) text_pattern_ops);

CREATE INDEX users_to_review ON identity.users USING btree (judged_at) WHERE (tier <> 'neutral'::text);

CREATE INDEX call_timelines_by_age ON interaction.call_timelines USING btree (ended_at);

CREATE INDEX calls_of_a_session ON interaction.calls USING btree (mentor_session_id) WHERE (mentor_session_id IS NOT NULL);

CREATE INDEX calls_of_a_user ON interaction.call_participants USING btree (user_id, call_id);

CREATE INDEX calls_that_led_to_nothing ON interaction.calls USING btree (id) WHERE (outcome <> 'connected'::text);

CREATE INDEX calls_that_ring ON interaction.calls USING btree (rings) WHERE ((rings IS NOT NULL) AND (started_at IS NULL) AND (ended_at IS NULL));

CREATE INDEX calls_to_decide ON interaction.calls USING btree (id) WHERE ((decision_deadline IS NOT NULL) AND (closed_at IS NULL));

CREATE INDEX connections_of_a ON interaction.connections USING btree (user_a, id);

CREATE INDEX connections_of_a_room ON interaction.connections USING btree (room_id);

CREATE INDEX connections_of_b ON interaction.connections USING btree (user_b, id);

CREATE INDEX faults_of_a_user ON interaction.call_participants USING btree (user_id, fault_at) WHERE (fault_at IS NOT NULL);

CREATE INDEX match_decisions_by_age ON interaction.match_decisions USING btree (decided_at);

CREATE UNIQUE INDEX one_active_call_a_user ON interaction.call_participants USING btree (user_id) WHERE active;

CREATE UNIQUE INDEX one_active_connection_a_pair ON interaction.connections USING btree (user_a, user_b) WHERE (ended_at IS NULL);

CREATE UNIQUE INDEX one_pending_request_a_connection ON interaction.video_requests USING btree (connection_id) WHERE (status = 'pending'::text);

CREATE UNIQUE INDEX one_report_a_subject_and_reporter ON interaction.reports USING btree (reporter_id, subject_type, subject_id) WHERE (subject_type <> 'user'::text);

CREATE INDEX pending_blocks_to_take ON interaction.pending_blocks USING btree (taken_until);

CREATE INDEX pending_reports_to_take ON interaction.pending_reports USING btree (taken_until);

CREATE INDEX reports_by_a_user ON interaction.reports USING btree (reporter_id, id);

CREATE INDEX reports_of_a_case ON interaction.reports USING btree (case_id, id);

CREATE INDEX reports_of_messages ON interaction.reports USING btree (subject_id) WHERE (subject_type = 'message'::text);

CREATE INDEX reports_of_what_was_posted ON interaction.reports USING btree (subject_id) WHERE (subject_type = ANY (ARRAY['post'::text, 'comment'::text]));

CREATE INDEX reports_on_a_user ON interaction.reports USING btree (reported_id, id);

CREATE INDEX reports_with_evidence ON interaction.reports USING btree (id) WHERE (evidence IS NOT NULL);

CREATE INDEX video_requests_by_a_user ON interaction.video_requests USING btree (requester_id, id);

CREATE INDEX video_requests_of_a_connection ON interaction.video_requests USING btree (connection_id, id);

CREATE INDEX video_requests_to_a_user ON interaction.video_requests USING btree (approver_id, id);

CREATE INDEX jobs_due ON jobs.pgqueuer USING btree (execute_after) WHERE (status = 'queued'::jobs.pgqueuer_status);

CREATE INDEX jobs_in_turn ON jobs.pgqueuer USING btree (entrypoint, priority DESC, id) WHERE (status = 'queued'::jobs.pgqueuer_status);

CREATE INDEX jobs_taken ON jobs.pgqueuer USING btree (heartbeat) WHERE (status = 'picked'::jobs.pgqueuer_status);

CREATE INDEX log_by_age ON jobs.pgqueuer_log USING btree (created);

CREATE INDEX log_of_a_job ON jobs.pgqueuer_log USING btree (job_id, created DESC);

CREATE UNIQUE INDEX one_job_a_key ON jobs.pgqueuer USING btree (dedupe_key) WHERE ((dedupe_key IS NOT NULL) AND (status = ANY (ARRAY['queued'::jobs.pgqueuer_status, 'picked'::jobs.pgqueuer_status])));

CREATE INDEX check_ins_at_a_place ON ONLY places.check_ins USING btree (location_id, local_day) WHERE counts;

CREATE INDEX check_ins_in_order ON ONLY places.check_ins USING btree (user_id, local_day, at, id);

CREATE INDEX check_ins_other_location_id_local_day_idx ON places.check_ins_other USING btree (location_id, local_day) WHERE counts;

CREATE INDEX check_ins_other_user_id_local_day_at_id_idx ON places.check_ins_other USING btree (user_id, local_day, at, id);

CREATE UNIQUE INDEX one_that_counts_a_place_and_day ON ONLY places.check_ins USING btree (user_id, location_id, local_day) WHERE counts;

CREATE UNIQUE INDEX check_ins_other_user_id_location_id_local_day_idx ON places.check_ins_other USING btree (user_id, location_id, local_day) WHERE counts;

CREATE UNIQUE INDEX each_once_a_reward ON places.reward_ledger USING btree (reward_id, kind);

CREATE INDEX ledger_by_staff ON places.reward_ledger USING btree (by_id) WHERE (by_id IS NOT NULL);

CREATE INDEX ledger_of_a_partner ON places.reward_ledger USING btree (partner_id, at) WHERE (partner_id IS NOT NULL);

CREATE INDEX mentors_at_a_place ON places.mentors USING btree (location_id) WHERE (location_id IS NOT NULL);

CREATE INDEX notes_of_a_user ON places.mentor_notes USING btree (user_id);

CREATE UNIQUE INDEX one_review_a_mentor ON places.reviews USING btree (user_id, mentor_id) WHERE (mentor_id IS NOT NULL);

CREATE UNIQUE INDEX one_review_a_place ON places.reviews USING btree (user_id, location_id) WHERE (location_id IS NOT NULL);

CREATE UNIQUE INDEX one_reward_an_occasion ON places.rewards USING btree (rule_id, user_id, occasion) WHERE (replaces IS NULL);

CREATE INDEX places_by_words ON places.locations USING gin (trigrams) WITH (fastupdate=off) WHERE active;

CREATE INDEX places_near ON places.locations USING gist ("position") WHERE active;

CREATE INDEX places_of_a_partner ON places.locations USING btree (partner_id) WHERE (partner_id IS NOT NULL);

CREATE INDEX places_of_a_type ON places.locations USING btree (type, id) WHERE active;

CREATE INDEX reviews_of_a_mentor ON places.reviews USING btree (mentor_id, id) WHERE (mentor_id IS NOT NULL);

CREATE INDEX reviews_of_a_place ON places.reviews USING btree (location_id, id) WHERE (location_id IS NOT NULL);

CREATE INDEX rewards_that_expire ON places.rewards USING btree (expires_at) WHERE ((expires_at IS NOT NULL) AND (redeemed_at IS NULL) AND (expired_at IS NULL));

CREATE INDEX rules_in_force ON places.reward_rules USING btree (kind) WHERE active;

CREATE INDEX sessions_of_a_mentor ON places.mentor_sessions USING btree (mentor_user_id, starts_at, id);

CREATE INDEX sessions_of_a_user ON places.mentor_sessions USING btree (user_id, starts_at, id);

CREATE INDEX staff_of_partners ON places.partner_staff USING btree (user_id);

CREATE INDEX unsettled_sessions ON places.mentor_sessions USING btree (ends_at) WHERE (status = 'scheduled'::text);

CREATE INDEX wallets ON places.rewards USING btree (user_id, id);

CREATE INDEX apart_of_a_suspect ON safety.apart USING btree (suspected);

CREATE INDEX appeals_to_decide ON safety.appeals USING btree (id) WHERE (state = 'open'::text);

CREATE INDEX barred_marks ON safety.known_marks USING btree (kind, mark) WHERE barred;

CREATE INDEX bearers_of_a_mark ON safety.known_marks USING btree (kind, mark, last_seen);

CREATE INDEX cases_decided ON safety.cases USING btree (severity DESC, id) WHERE (state = 'decided'::text);

CREATE INDEX cases_of_a_user ON safety.cases USING btree (user_id, id);

CREATE INDEX cases_to_decide ON safety.cases USING btree (severity DESC, id) WHERE (state <> 'decided'::text);

CREATE INDEX marks_by_age ON safety.known_marks USING btree (last_seen);

CREATE UNIQUE INDEX one_undecided_case_a_user ON safety.cases USING btree (user_id) WHERE (state <> 'decided'::text);

CREATE INDEX strikes_of_a_case ON safety.strikes USING btree (case_id) WHERE (case_id IS NOT NULL);

CREATE INDEX strikes_of_a_user ON safety.strikes USING btree (user_id, id);

CREATE INDEX suspected_of ON safety.suspicions USING btree (of_user_id, user_id) WHERE (cleared_at IS NULL);

CREATE INDEX suspicions_by_age ON safety.suspicions USING btree (at) WHERE (cleared_at IS NULL);

CREATE INDEX answers_to_a_comment ON social.comments USING btree (reply_to) WHERE (reply_to IS NOT NULL);

CREATE INDEX audience_of_a_post ON social.post_audience USING btree (post_id, user_id);

CREATE INDEX comments_of_a_post ON social.comments USING btree (post_id, id);

CREATE INDEX comments_of_a_user ON social.comments USING btree (author_id);

CREATE INDEX comments_to_drop ON social.comments USING btree (deleted_at) WHERE (deleted_at IS NOT NULL);

CREATE INDEX contacts_by_mark ON social.contacts USING btree (mark);

CREATE INDEX contacts_known ON social.contacts USING btree (owner_id, user_id) WHERE (user_id IS NOT NULL);

CREATE INDEX contacts_of_a_user ON social.contacts USING btree (user_id, owner_id) WHERE (user_id IS NOT NULL);

CREATE INDEX findable_by_words ON social.findable USING gin (words) WITH (fastupdate=off);

CREATE INDEX friends_by_a ON social.friendships USING btree (user_a, id) INCLUDE (user_b) WHERE (ended_at IS NULL);

CREATE INDEX friends_by_b ON social.friendships USING btree (user_b, id) INCLUDE (user_a) WHERE (ended_at IS NULL);

CREATE INDEX friendships_of_a_room ON social.friendships USING btree (room_id);

CREATE INDEX friendships_that_ended ON social.friendships USING btree (user_a, user_b, id) WHERE (ended_at IS NOT NULL);

CREATE INDEX likes_by_time ON social.post_likes USING btree (post_id, created_at, user_id);

CREATE INDEX likes_of_a_user ON social.post_likes USING btree (user_id);

CREATE INDEX media_of_a_post ON social.media USING btree (used_for) WHERE (purpose = 'post'::text);

CREATE INDEX media_of_a_user ON social.media USING btree (owner_id);

CREATE INDEX media_to_delete ON social.media USING btree (expires_at) WHERE (expires_at IS NOT NULL);

CREATE INDEX media_to_review ON social.media USING btree (id) WHERE ((decided_at IS NULL) AND stored AND (used_at IS NOT NULL) AND (purpose = ANY (ARRAY['photo'::text, 'post'::text, 'place'::text])) AND (((state = 'processing'::text) AND (scan_at IS NULL)) OR ((state = 'ready'::text) AND (scans = 0))));

CREATE INDEX media_to_scan ON social.media USING btree (scan_at) WHERE (scan_at IS NOT NULL);

CREATE INDEX notifications_about ON ONLY social.notifications USING btree (about_id) WHERE (about_id IS NOT NULL);

CREATE INDEX notifications_in_order ON ONLY social.notifications USING btree (user_id, created_at, id);

CREATE INDEX notifications_other_about_id_idx ON social.notifications_other USING btree (about_id) WHERE (about_id IS NOT NULL);

CREATE INDEX notifications_other_user_id_created_at_id_idx ON social.notifications_other USING btree (user_id, created_at, id);

CREATE INDEX notifications_unread_in_order ON ONLY social.notifications USING btree (user_id, created_at, id) WHERE (read_at IS NULL);

CREATE INDEX notifications_other_user_id_created_at_id_idx1 ON social.notifications_other USING btree (user_id, created_at, id) WHERE (read_at IS NULL);

CREATE INDEX notifications_unread ON ONLY social.notifications USING btree (user_id, kind, subject_id) WHERE (read_at IS NULL);

CREATE INDEX notifications_other_user_id_kind_subject_id_idx ON social.notifications_other USING btree (user_id, kind, subject_id) WHERE (read_at IS NULL);

CREATE UNIQUE INDEX one_friendship_a_pair ON social.friendships USING btree (user_a, user_b) WHERE (ended_at IS NULL);

CREATE UNIQUE INDEX one_open_request_a_pair ON social.friend_requests USING btree (LEAST(sender_id, receiver_id), GREATEST(sender_id, receiver_id)) WHERE (state = 'open'::text);

CREATE INDEX posts_for_friends ON social.posts USING btree (author_id, id) WHERE ((visibility <> 'selected'::text) AND (held_at IS NULL) AND (deleted_at IS NULL));

CREATE INDEX posts_of_an_author ON social.posts USING btree (author_id, id);

CREATE INDEX posts_to_drop ON social.posts USING btree (deleted_at) WHERE (deleted_at IS NOT NULL);

CREATE INDEX requests_by_end ON social.friend_requests USING btree (closed_at) WHERE (closed_at IS NOT NULL);

CREATE INDEX requests_received ON social.friend_requests USING btree (receiver_id, id) WHERE (state = 'open'::text);

CREATE INDEX requests_refused ON social.friend_requests USING btree (sender_id, receiver_id) WHERE (state = 'refused'::text);

CREATE INDEX requests_sent ON social.friend_requests USING btree (sender_id, id) WHERE (state = 'open'::text);

ALTER INDEX places.check_ins_at_a_place ATTACH PARTITION places.check_ins_other_location_id_local_day_idx;

ALTER INDEX places.check_ins_pkey ATTACH PARTITION places.check_ins_other_pkey;

ALTER INDEX places.check_ins_in_order ATTACH PARTITION places.check_ins_other_user_id_local_day_at_id_idx;

ALTER INDEX places.one_that_counts_a_place_and_day ATTACH PARTITION places.check_ins_other_user_id_location_id_local_day_idx;

ALTER INDEX social.notifications_about ATTACH PARTITION social.notifications_other_about_id_idx;

ALTER INDEX social.notifications_pkey ATTACH PARTITION social.notifications_other_pkey;

ALTER INDEX social.notifications_in_order ATTACH PARTITION social.notifications_other_user_id_created_at_id_idx;

ALTER INDEX social.notifications_unread_in_order ATTACH PARTITION social.notifications_other_user_id_created_at_id_idx1;

ALTER INDEX social.notifications_unread ATTACH PARTITION social.notifications_other_user_id_kind_subject_id_idx;

CREATE TRIGGER room_has_a_connection AFTER INSERT ON communication.rooms FOR EACH ROW WHEN ((new.connection_id IS NOT NULL)) EXECUTE FUNCTION communication.room_has_a_connection();

CREATE TRIGGER a_login_verifies AFTER INSERT ON identity.logins FOR EACH ROW WHEN ((new.provider <> 'password'::text)) EXECUTE FUNCTION identity.verify_by_login();

CREATE TRIGGER activity_goes_with_the_account AFTER UPDATE OF deleted_at ON identity.users FOR EACH ROW WHEN (((old.deleted_at IS NULL) AND (new.deleted_at IS NOT NULL))) EXECUTE FUNCTION identity.forget_activity();

CREATE TRIGGER activity_of_a_session AFTER INSERT OR UPDATE OF last_used_at ON identity.sessions FOR EACH ROW WHEN ((NOT new.restricted)) EXECUTE FUNCTION identity.note_activity();

CREATE TRIGGER contacts_find_whom_it_is AFTER INSERT ON identity.logins FOR EACH ROW WHEN ((new.provider = 'phone'::text)) EXECUTE FUNCTION social.number_has_changed();

CREATE TRIGGER contacts_follow_the_secret AFTER UPDATE OF subject_hash ON identity.logins FOR EACH ROW WHEN ((new.provider = 'phone'::text)) EXECUTE FUNCTION social.number_has_changed();

CREATE TRIGGER contacts_go_with_the_account AFTER UPDATE OF deleted_at ON identity.users FOR EACH ROW WHEN (((old.deleted_at IS NULL) AND (new.deleted_at IS NOT NULL))) EXECUTE FUNCTION social.drop_contacts();

CREATE TRIGGER contacts_lose_whom_it_was AFTER DELETE ON identity.logins FOR EACH ROW WHEN ((old.provider = 'phone'::text)) EXECUTE FUNCTION social.number_has_changed();

CREATE TRIGGER devices_go_with_the_session BEFORE DELETE ON identity.sessions FOR EACH ROW EXECUTE FUNCTION identity.forget_devices();

CREATE TRIGGER devices_go_with_the_session_that_ends BEFORE UPDATE OF revoked_at ON identity.sessions FOR EACH ROW WHEN (((old.revoked_at IS NULL) AND (new.revoked_at IS NOT NULL))) EXECUTE FUNCTION identity.forget_devices();

CREATE TRIGGER enforced_as_it_is BEFORE UPDATE OF user_id, begins_at, until, lifted_at ON identity.bans FOR EACH ROW EXECUTE FUNCTION identity.enforce_anew();

CREATE TRIGGER findable_at_first AFTER INSERT ON identity.settings FOR EACH ROW WHEN (new.find_by_search) EXECUTE FUNCTION social.name_has_changed();

CREATE TRIGGER findable_by_choice AFTER UPDATE OF find_by_search ON identity.settings FOR EACH ROW WHEN ((old.find_by_search IS DISTINCT FROM new.find_by_search)) EXECUTE FUNCTION social.name_has_changed();

CREATE TRIGGER findable_by_name AFTER UPDATE OF display_name ON identity.profiles FOR EACH ROW WHEN ((old.display_name IS DISTINCT FROM new.display_name)) EXECUTE FUNCTION social.name_has_changed();

CREATE TRIGGER findable_by_name AFTER UPDATE OF username, deleted_at ON identity.users FOR EACH ROW WHEN (((old.username IS DISTINCT FROM new.username) OR (old.deleted_at IS DISTINCT FROM new.deleted_at))) EXECUTE FUNCTION social.name_has_changed();

CREATE TRIGGER forget_email_hash BEFORE UPDATE OF email ON identity.users FOR EACH ROW WHEN (((new.email IS DISTINCT FROM old.email) AND (new.email_hash = old.email_hash) AND (starts_with(new.email, chr(1)) IS NOT TRUE))) EXECUTE FUNCTION identity.forget_email_hash();

CREATE TRIGGER former_usernames_are_nobodys AFTER UPDATE OF deleted_at ON identity.users FOR EACH ROW WHEN (((old.deleted_at IS NULL) AND (new.deleted_at IS NOT NULL))) EXECUTE FUNCTION identity.forget_who_had_it();

CREATE TRIGGER friendship_ends_with_a_block AFTER INSERT ON identity.blocks FOR EACH ROW EXECUTE FUNCTION social.part_by_block();

CREATE TRIGGER friendships_end_with_the_account AFTER UPDATE OF deleted_at ON identity.users FOR EACH ROW WHEN (((old.deleted_at IS NULL) AND (new.deleted_at IS NOT NULL))) EXECUTE FUNCTION social.leave_all();

CREATE TRIGGER groups_are_left_with_the_account AFTER UPDATE OF deleted_at ON identity.users FOR EACH ROW WHEN (((old.deleted_at IS NULL) AND (new.deleted_at IS NOT NULL))) EXECUTE FUNCTION communication.leave_with_the_account();

CREATE TRIGGER logins_follow AFTER INSERT OR UPDATE OF password_hash, deleted_at ON identity.users FOR EACH ROW EXECUTE FUNCTION identity.keep_logins();

CREATE TRIGGER marks_are_barred AFTER INSERT OR UPDATE OF user_id ON identity.bans FOR EACH ROW EXECUTE FUNCTION safety.bar_marks();

CREATE TRIGGER never_changed BEFORE UPDATE ON identity.consents FOR EACH STATEMENT EXECUTE FUNCTION identity.refuse_change();

CREATE TRIGGER notifications_go_with_the_account AFTER UPDATE OF deleted_at ON identity.users FOR EACH ROW WHEN (((old.deleted_at IS NULL) AND (new.deleted_at IS NOT NULL))) EXECUTE FUNCTION social.forget_notifications();

CREATE TRIGGER only_added_to BEFORE DELETE OR UPDATE OR TRUNCATE ON identity.audit_log FOR EACH STATEMENT EXECUTE FUNCTION identity.refuse_change();

CREATE TRIGGER sessions_end_with_a_block AFTER INSERT ON identity.blocks FOR EACH ROW EXECUTE FUNCTION places.part_by_block();

CREATE TRIGGER sessions_end_with_the_account AFTER INSERT ON identity.erasures FOR EACH ROW EXECUTE FUNCTION places.part_by_leaving();

CREATE TRIGGER suspects_are_apart AFTER INSERT OR DELETE ON identity.blocks FOR EACH ROW EXECUTE FUNCTION safety.apart_by_block();

CREATE TRIGGER suspicions_go_with_the_ban AFTER UPDATE OF lifted_at ON identity.bans FOR EACH ROW WHEN ((new.lifted_at IS NOT NULL)) EXECUTE FUNCTION safety.drop_suspicions();

CREATE TRIGGER username_is_free AFTER INSERT OR UPDATE OF username ON identity.users FOR EACH ROW WHEN ((new.username IS NOT NULL)) EXECUTE FUNCTION identity.username_is_free();

CREATE TRIGGER decided_is_held_or_shown AFTER UPDATE OF status ON interaction.reports FOR EACH ROW WHEN (((new.subject_type = ANY (ARRAY['post'::text, 'comment'::text])) AND (new.status <> old.status))) EXECUTE FUNCTION social.hold_reported();

CREATE TRIGGER gathered AFTER INSERT ON interaction.reports FOR EACH ROW WHEN ((new.case_id IS NULL)) EXECUTE FUNCTION safety.gather();

CREATE TRIGGER reported_is_held AFTER INSERT ON interaction.reports FOR EACH ROW WHEN ((new.subject_type = ANY (ARRAY['post'::text, 'comment'::text]))) EXECUTE FUNCTION social.hold_reported();

CREATE TRIGGER reviews_are_hidden_by_cases AFTER UPDATE OF status ON interaction.reports FOR EACH ROW WHEN (((new.subject_type = 'review'::text) AND (old.status IS DISTINCT FROM new.status))) EXECUTE FUNCTION places.hide_review();

CREATE TRIGGER room_ends_with_its_connection AFTER UPDATE OF ended_at ON interaction.connections FOR EACH ROW WHEN ((new.ended_at IS NOT NULL)) EXECUTE FUNCTION communication.end_room_with_connection();

CREATE TRIGGER suspects_are_apart AFTER INSERT OR UPDATE OF ended_at ON interaction.connections FOR EACH ROW EXECUTE FUNCTION safety.apart_by_connection();

CREATE TRIGGER suspects_are_apart AFTER INSERT ON interaction.reports FOR EACH ROW EXECUTE FUNCTION safety.apart_by_report();

CREATE TRIGGER count_lost_try BEFORE UPDATE ON jobs.pgqueuer FOR EACH ROW WHEN (((old.status = 'picked'::jobs.pgqueuer_status) AND (new.status = 'picked'::jobs.pgqueuer_status) AND (old.queue_manager_id IS DISTINCT FROM new.queue_manager_id))) EXECUTE FUNCTION jobs.count_lost_try();

CREATE TRIGGER mentor_reviews_are_counted AFTER INSERT OR DELETE OR UPDATE OF rating, hidden_at, mentor_id ON places.reviews FOR EACH ROW EXECUTE FUNCTION places.count_mentor_review();

CREATE TRIGGER only_added_to BEFORE DELETE OR UPDATE OR TRUNCATE ON places.reward_ledger FOR EACH STATEMENT EXECUTE FUNCTION identity.refuse_change();

CREATE TRIGGER reviews_are_counted AFTER INSERT OR DELETE OR UPDATE OF rating, hidden_at, location_id ON places.reviews FOR EACH ROW EXECUTE FUNCTION places.count_review();

CREATE TRIGGER suspects_are_apart AFTER INSERT OR DELETE OR UPDATE OF cleared_at ON safety.suspicions FOR EACH ROW EXECUTE FUNCTION safety.apart_by_suspicion();

CREATE TRIGGER a_request_that_is_over_is_no_news AFTER UPDATE OF state ON social.friend_requests FOR EACH ROW WHEN (((old.state = 'open'::text) AND (new.state <> 'open'::text))) EXECUTE FUNCTION social.settle_request_notice();

CREATE TRIGGER answers_go_with_the_comment AFTER UPDATE OF deleted_at ON social.comments FOR EACH ROW WHEN (((old.deleted_at IS NULL) AND (new.deleted_at IS NOT NULL) AND (new.reply_to IS NULL))) EXECUTE FUNCTION social.answers_go();

CREATE TRIGGER comments_are_counted AFTER INSERT ON social.comments REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION social.count_comments();

CREATE TRIGGER comments_are_recounted AFTER UPDATE ON social.comments REFERENCING OLD TABLE AS before NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION social.count_comments();

CREATE TRIGGER comments_are_uncounted AFTER DELETE ON social.comments REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION social.count_comments();

CREATE TRIGGER held_with_its_picture AFTER UPDATE OF state ON social.media FOR EACH ROW WHEN (((new.purpose = 'post'::text) AND (new.used_for IS NOT NULL) AND (new.state <> old.state))) EXECUTE FUNCTION social.hold_with_picture();

CREATE TRIGGER likes_are_counted AFTER INSERT ON social.post_likes REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION social.count_likes();

CREATE TRIGGER likes_are_uncounted AFTER DELETE ON social.post_likes REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION social.count_likes();

CREATE TRIGGER room_ends_with_its_friendship AFTER UPDATE OF ended_at ON social.friendships FOR EACH ROW WHEN ((new.ended_at IS NOT NULL)) EXECUTE FUNCTION communication.end_room_with_connection();

CREATE TRIGGER suspects_are_apart AFTER INSERT OR UPDATE OF ended_at ON social.friendships FOR EACH ROW EXECUTE FUNCTION safety.apart_by_connection();

ALTER TABLE ONLY communication.groups
    ADD CONSTRAINT groups_room_id_fkey FOREIGN KEY (room_id) REFERENCES communication.rooms(id);

ALTER TABLE ONLY communication.invitations
    ADD CONSTRAINT invitations_group_id_fkey FOREIGN KEY (group_id) REFERENCES communication.groups(id);

ALTER TABLE ONLY communication.invitations
    ADD CONSTRAINT invitations_made_by_fkey FOREIGN KEY (made_by) REFERENCES identity.users(id);

ALTER TABLE ONLY communication.members
    ADD CONSTRAINT members_room_id_fkey FOREIGN KEY (room_id) REFERENCES communication.rooms(id);

ALTER TABLE ONLY communication.members
    ADD CONSTRAINT members_user_id_fkey FOREIGN KEY (user_id) REFERENCES identity.users(id);

ALTER TABLE ONLY communication.rooms
    ADD CONSTRAINT rooms_connection_id_fkey FOREIGN KEY (connection_id) REFERENCES interaction.connections(id);

ALTER TABLE ONLY identity.activity
    ADD CONSTRAINT activity_user_id_fkey FOREIGN KEY (user_id) REFERENCES identity.users(id);

ALTER TABLE ONLY identity.audit_log
    ADD CONSTRAINT audit_log_actor_id_fkey FOREIGN KEY (actor_id) REFERENCES identity.users(id);

ALTER TABLE ONLY identity.audit_log
    ADD CONSTRAINT audit_log_subject_id_fkey FOREIGN KEY (subject_id) REFERENCES identity.users(id);

ALTER TABLE ONLY identity.bans
    ADD CONSTRAINT bans_created_by_fkey FOREIGN KEY (created_by) REFERENCES identity.users(id);

ALTER TABLE ONLY identity.bans
    ADD CONSTRAINT bans_strike_id_fkey FOREIGN KEY (strike_id) REFERENCES safety.strikes(id);

ALTER TABLE ONLY identity.bans
    ADD CONSTRAINT bans_user_id_fkey FOREIGN KEY (user_id) REFERENCES identity.users(id);

ALTER TABLE ONLY identity.blocks
    ADD CONSTRAINT blocks_blocked_id_fkey FOREIGN KEY (blocked_id) REFERENCES identity.users(id);

ALTER TABLE ONLY identity.blocks
    ADD CONSTRAINT blocks_blocker_id_fkey FOREIGN KEY (blocker_id) REFERENCES identity.users(id);

ALTER TABLE ONLY identity.consents
    ADD CONSTRAINT consents_user_id_fkey FOREIGN KEY (user_id) REFERENCES identity.users(id);

ALTER TABLE ONLY identity.devices
    ADD CONSTRAINT devices_session_id_fkey FOREIGN KEY (session_id) REFERENCES identity.sessions(id);

ALTER TABLE ONLY identity.devices
    ADD CONSTRAINT devices_user_id_fkey FOREIGN KEY (user_id) REFERENCES identity.users(id);

ALTER TABLE ONLY identity.erasures
    ADD CONSTRAINT erasures_user_id_fkey FOREIGN KEY (user_id) REFERENCES identity.users(id);

ALTER TABLE ONLY identity.exports
    ADD CONSTRAINT exports_user_id_fkey FOREIGN KEY (user_id) REFERENCES identity.users(id);

ALTER TABLE ONLY identity.expulsions
    ADD CONSTRAINT expulsions_user_id_fkey FOREIGN KEY (user_id) REFERENCES identity.users(id);

ALTER TABLE ONLY identity.former_usernames
    ADD CONSTRAINT former_usernames_user_id_fkey FOREIGN KEY (user_id) REFERENCES identity.users(id);

ALTER TABLE ONLY identity.kept_keys
    ADD CONSTRAINT kept_keys_key_id_fkey FOREIGN KEY (key_id) REFERENCES identity.data_keys(id);

ALTER TABLE ONLY identity.logins
    ADD CONSTRAINT logins_user_id_fkey FOREIGN KEY (user_id) REFERENCES identity.users(id);

ALTER TABLE ONLY identity.one_time_codes
    ADD CONSTRAINT one_time_codes_user_id_fkey FOREIGN KEY (user_id) REFERENCES identity.users(id);

ALTER TABLE ONLY identity.profiles
    ADD CONSTRAINT profiles_user_id_fkey FOREIGN KEY (user_id) REFERENCES identity.users(id);

ALTER TABLE ONLY identity.refresh_tokens
    ADD CONSTRAINT refresh_tokens_session_id_fkey FOREIGN KEY (session_id) REFERENCES identity.sessions(id) ON DELETE CASCADE;

ALTER TABLE ONLY identity.sessions
    ADD CONSTRAINT sessions_user_id_fkey FOREIGN KEY (user_id) REFERENCES identity.users(id);

ALTER TABLE ONLY identity.settings
    ADD CONSTRAINT settings_user_id_fkey FOREIGN KEY (user_id) REFERENCES identity.users(id);

ALTER TABLE ONLY identity.totp
    ADD CONSTRAINT totp_user_id_fkey FOREIGN KEY (user_id) REFERENCES identity.users(id);

ALTER TABLE ONLY identity.user_values
    ADD CONSTRAINT user_values_user_id_fkey FOREIGN KEY (user_id) REFERENCES identity.users(id);

ALTER TABLE ONLY interaction.call_participants
    ADD CONSTRAINT call_participants_call_id_fkey FOREIGN KEY (call_id) REFERENCES interaction.calls(id);

ALTER TABLE ONLY interaction.call_participants
    ADD CONSTRAINT call_participants_user_id_fkey FOREIGN KEY (user_id) REFERENCES identity.users(id);

ALTER TABLE ONLY interaction.call_timelines
    ADD CONSTRAINT call_timelines_call_id_fkey FOREIGN KEY (call_id) REFERENCES interaction.calls(id) ON DELETE CASCADE;

ALTER TABLE ONLY interaction.calls
    ADD CONSTRAINT calls_ended_by_fkey FOREIGN KEY (ended_by) REFERENCES identity.users(id);

ALTER TABLE ONLY interaction.connections
    ADD CONSTRAINT connections_call_id_fkey FOREIGN KEY (call_id) REFERENCES interaction.calls(id);

ALTER TABLE ONLY interaction.connections
    ADD CONSTRAINT connections_ended_by_fkey FOREIGN KEY (ended_by) REFERENCES identity.users(id);

ALTER TABLE ONLY interaction.connections
    ADD CONSTRAINT connections_room_id_fkey FOREIGN KEY (room_id) REFERENCES communication.rooms(id);

ALTER TABLE ONLY interaction.connections
    ADD CONSTRAINT connections_user_a_fkey FOREIGN KEY (user_a) REFERENCES identity.users(id);

ALTER TABLE ONLY interaction.connections
    ADD CONSTRAINT connections_user_b_fkey FOREIGN KEY (user_b) REFERENCES identity.users(id);

ALTER TABLE ONLY interaction.match_decisions
    ADD CONSTRAINT match_decisions_call_id_fkey FOREIGN KEY (call_id) REFERENCES interaction.calls(id);

ALTER TABLE ONLY interaction.pending_blocks
    ADD CONSTRAINT pending_blocks_blocked_id_fkey FOREIGN KEY (blocked_id) REFERENCES identity.users(id);

ALTER TABLE ONLY interaction.pending_blocks
    ADD CONSTRAINT pending_blocks_blocker_id_fkey FOREIGN KEY (blocker_id) REFERENCES identity.users(id);

ALTER TABLE ONLY interaction.pending_blocks
    ADD CONSTRAINT pending_blocks_connection_id_fkey FOREIGN KEY (connection_id) REFERENCES interaction.connections(id);

ALTER TABLE ONLY interaction.pending_blocks
    ADD CONSTRAINT pending_blocks_friendship_id_fkey FOREIGN KEY (friendship_id) REFERENCES social.friendships(id);

ALTER TABLE ONLY interaction.pending_reports
    ADD CONSTRAINT pending_reports_report_id_fkey FOREIGN KEY (report_id) REFERENCES interaction.reports(id);

ALTER TABLE ONLY interaction.reports
    ADD CONSTRAINT reported_was_in_the_call FOREIGN KEY (call_id, reported_id) REFERENCES interaction.call_participants(call_id, user_id);

ALTER TABLE ONLY interaction.reports
    ADD CONSTRAINT reporter_was_in_the_call FOREIGN KEY (call_id, reporter_id) REFERENCES interaction.call_participants(call_id, user_id);

ALTER TABLE ONLY interaction.reports
    ADD CONSTRAINT reports_call_id_fkey FOREIGN KEY (call_id) REFERENCES interaction.calls(id);

ALTER TABLE ONLY interaction.reports
    ADD CONSTRAINT reports_case_id_fkey FOREIGN KEY (case_id) REFERENCES safety.cases(id);

ALTER TABLE ONLY interaction.reports
    ADD CONSTRAINT reports_reported_id_fkey FOREIGN KEY (reported_id) REFERENCES identity.users(id);

ALTER TABLE ONLY interaction.reports
    ADD CONSTRAINT reports_reporter_id_fkey FOREIGN KEY (reporter_id) REFERENCES identity.users(id);

ALTER TABLE ONLY interaction.video_requests
    ADD CONSTRAINT video_requests_approver_id_fkey FOREIGN KEY (approver_id) REFERENCES identity.users(id);

ALTER TABLE ONLY interaction.video_requests
    ADD CONSTRAINT video_requests_connection_id_fkey FOREIGN KEY (connection_id) REFERENCES interaction.connections(id);

ALTER TABLE ONLY interaction.video_requests
    ADD CONSTRAINT video_requests_requester_id_fkey FOREIGN KEY (requester_id) REFERENCES identity.users(id);

ALTER TABLE ONLY interaction.decisions
    ADD CONSTRAINT voter_was_in_the_call FOREIGN KEY (call_id, user_id) REFERENCES interaction.call_participants(call_id, user_id);

ALTER TABLE ONLY places.journeys
    ADD CONSTRAINT journeys_user_id_fkey FOREIGN KEY (user_id) REFERENCES identity.users(id);

ALTER TABLE ONLY places.mentor_notes
    ADD CONSTRAINT mentor_notes_session_id_fkey FOREIGN KEY (session_id) REFERENCES places.mentor_sessions(id);

ALTER TABLE ONLY places.mentor_notes
    ADD CONSTRAINT mentor_notes_user_id_fkey FOREIGN KEY (user_id) REFERENCES identity.users(id);

ALTER TABLE ONLY places.mentor_sessions
    ADD CONSTRAINT mentor_sessions_location_id_fkey FOREIGN KEY (location_id) REFERENCES places.locations(id);

ALTER TABLE ONLY places.mentor_sessions
    ADD CONSTRAINT mentor_sessions_mentor_id_fkey FOREIGN KEY (mentor_id) REFERENCES places.mentors(id);

ALTER TABLE ONLY places.mentor_sessions
    ADD CONSTRAINT mentor_sessions_mentor_user_id_fkey FOREIGN KEY (mentor_user_id) REFERENCES identity.users(id);

ALTER TABLE ONLY places.mentor_sessions
    ADD CONSTRAINT mentor_sessions_user_id_fkey FOREIGN KEY (user_id) REFERENCES identity.users(id);

ALTER TABLE ONLY places.mentors
    ADD CONSTRAINT mentors_location_id_fkey FOREIGN KEY (location_id) REFERENCES places.locations(id);

ALTER TABLE ONLY places.mentors
    ADD CONSTRAINT mentors_user_id_fkey FOREIGN KEY (user_id) REFERENCES identity.users(id);

ALTER TABLE ONLY places.locations
    ADD CONSTRAINT of_a_partner FOREIGN KEY (partner_id) REFERENCES places.partners(id);

ALTER TABLE ONLY places.partner_staff
    ADD CONSTRAINT partner_staff_partner_id_fkey FOREIGN KEY (partner_id) REFERENCES places.partners(id);

ALTER TABLE ONLY places.partner_staff
    ADD CONSTRAINT partner_staff_user_id_fkey FOREIGN KEY (user_id) REFERENCES identity.users(id);

ALTER TABLE ONLY places.reviews
    ADD CONSTRAINT reviews_location_id_fkey FOREIGN KEY (location_id) REFERENCES places.locations(id);

ALTER TABLE ONLY places.reviews
    ADD CONSTRAINT reviews_mentor_id_fkey FOREIGN KEY (mentor_id) REFERENCES places.mentors(id);

ALTER TABLE ONLY places.reviews
    ADD CONSTRAINT reviews_user_id_fkey FOREIGN KEY (user_id) REFERENCES identity.users(id);

ALTER TABLE ONLY places.reward_ledger
    ADD CONSTRAINT reward_ledger_by_id_fkey FOREIGN KEY (by_id) REFERENCES identity.users(id);

ALTER TABLE ONLY places.reward_ledger
    ADD CONSTRAINT reward_ledger_location_id_fkey FOREIGN KEY (location_id) REFERENCES places.locations(id);

ALTER TABLE ONLY places.reward_ledger
    ADD CONSTRAINT reward_ledger_partner_id_fkey FOREIGN KEY (partner_id) REFERENCES places.partners(id);

ALTER TABLE ONLY places.reward_ledger
    ADD CONSTRAINT reward_ledger_redemption_id_fkey FOREIGN KEY (redemption_id) REFERENCES places.reward_ledger(id);

ALTER TABLE ONLY places.reward_ledger
    ADD CONSTRAINT reward_ledger_reward_id_fkey FOREIGN KEY (reward_id) REFERENCES places.rewards(id);

ALTER TABLE ONLY places.reward_rules
    ADD CONSTRAINT reward_rules_partner_id_fkey FOREIGN KEY (partner_id) REFERENCES places.partners(id);

ALTER TABLE ONLY places.rewards
    ADD CONSTRAINT rewards_partner_id_fkey FOREIGN KEY (partner_id) REFERENCES places.partners(id);

ALTER TABLE ONLY places.rewards
    ADD CONSTRAINT rewards_replaces_fkey FOREIGN KEY (replaces) REFERENCES places.rewards(id);

ALTER TABLE ONLY places.rewards
    ADD CONSTRAINT rewards_rule_id_fkey FOREIGN KEY (rule_id) REFERENCES places.reward_rules(id);

ALTER TABLE ONLY places.rewards
    ADD CONSTRAINT rewards_user_id_fkey FOREIGN KEY (user_id) REFERENCES identity.users(id);

ALTER TABLE ONLY safety.apart
    ADD CONSTRAINT apart_suspected_fkey FOREIGN KEY (suspected) REFERENCES identity.users(id);

ALTER TABLE ONLY safety.appeals
    ADD CONSTRAINT appeals_decided_by_fkey FOREIGN KEY (decided_by) REFERENCES identity.users(id);

ALTER TABLE ONLY safety.appeals
    ADD CONSTRAINT appeals_strike_id_fkey FOREIGN KEY (strike_id) REFERENCES safety.strikes(id);

ALTER TABLE ONLY safety.cases
    ADD CONSTRAINT cases_claimed_by_fkey FOREIGN KEY (claimed_by) REFERENCES identity.users(id);

ALTER TABLE ONLY safety.cases
    ADD CONSTRAINT cases_decided_by_fkey FOREIGN KEY (decided_by) REFERENCES identity.users(id);

ALTER TABLE ONLY safety.cases
    ADD CONSTRAINT cases_undone_by_fkey FOREIGN KEY (undone_by) REFERENCES identity.users(id);

ALTER TABLE ONLY safety.cases
    ADD CONSTRAINT cases_user_id_fkey FOREIGN KEY (user_id) REFERENCES identity.users(id);

ALTER TABLE ONLY safety.known_marks
    ADD CONSTRAINT known_marks_user_id_fkey FOREIGN KEY (user_id) REFERENCES identity.users(id);

ALTER TABLE ONLY safety.looks
    ADD CONSTRAINT looks_case_id_fkey FOREIGN KEY (case_id) REFERENCES safety.cases(id);

ALTER TABLE ONLY safety.looks
    ADD CONSTRAINT looks_user_id_fkey FOREIGN KEY (user_id) REFERENCES identity.users(id);

ALTER TABLE ONLY safety.strikes
    ADD CONSTRAINT strikes_ban_id_fkey FOREIGN KEY (ban_id) REFERENCES identity.bans(id);

ALTER TABLE ONLY safety.strikes
    ADD CONSTRAINT strikes_by_fkey FOREIGN KEY (by) REFERENCES identity.users(id);

ALTER TABLE ONLY safety.strikes
    ADD CONSTRAINT strikes_case_id_fkey FOREIGN KEY (case_id) REFERENCES safety.cases(id);

ALTER TABLE ONLY safety.strikes
    ADD CONSTRAINT strikes_user_id_fkey FOREIGN KEY (user_id) REFERENCES identity.users(id);

ALTER TABLE ONLY safety.suspicions
    ADD CONSTRAINT suspicions_cleared_by_fkey FOREIGN KEY (cleared_by) REFERENCES identity.users(id);

ALTER TABLE ONLY safety.suspicions
    ADD CONSTRAINT suspicions_of_user_id_fkey FOREIGN KEY (of_user_id) REFERENCES identity.users(id);

ALTER TABLE ONLY safety.suspicions
    ADD CONSTRAINT suspicions_user_id_fkey FOREIGN KEY (user_id) REFERENCES identity.users(id);

ALTER TABLE ONLY social.comments
    ADD CONSTRAINT answers_on_the_same_post FOREIGN KEY (reply_to, post_id) REFERENCES social.comments(id, post_id);

ALTER TABLE ONLY social.comments
    ADD CONSTRAINT comments_author_id_fkey FOREIGN KEY (author_id) REFERENCES identity.users(id);

ALTER TABLE ONLY social.comments
    ADD CONSTRAINT comments_post_id_fkey FOREIGN KEY (post_id) REFERENCES social.posts(id);

ALTER TABLE ONLY social.contacts
    ADD CONSTRAINT contacts_owner_id_fkey FOREIGN KEY (owner_id) REFERENCES identity.users(id);

ALTER TABLE ONLY social.contacts
    ADD CONSTRAINT contacts_user_id_fkey FOREIGN KEY (user_id) REFERENCES identity.users(id);

ALTER TABLE ONLY social.findable
    ADD CONSTRAINT findable_user_id_fkey FOREIGN KEY (user_id) REFERENCES identity.users(id);

ALTER TABLE ONLY social.friend_requests
    ADD CONSTRAINT friend_requests_receiver_id_fkey FOREIGN KEY (receiver_id) REFERENCES identity.users(id);

ALTER TABLE ONLY social.friend_requests
    ADD CONSTRAINT friend_requests_sender_id_fkey FOREIGN KEY (sender_id) REFERENCES identity.users(id);

ALTER TABLE ONLY social.friendships
    ADD CONSTRAINT friendships_ended_by_fkey FOREIGN KEY (ended_by) REFERENCES identity.users(id);

ALTER TABLE ONLY social.friendships
    ADD CONSTRAINT friendships_room_id_fkey FOREIGN KEY (room_id) REFERENCES communication.rooms(id);

ALTER TABLE ONLY social.friendships
    ADD CONSTRAINT friendships_user_a_fkey FOREIGN KEY (user_a) REFERENCES identity.users(id);

ALTER TABLE ONLY social.friendships
    ADD CONSTRAINT friendships_user_b_fkey FOREIGN KEY (user_b) REFERENCES identity.users(id);

ALTER TABLE ONLY social.media
    ADD CONSTRAINT media_decided_by_fkey FOREIGN KEY (decided_by) REFERENCES identity.users(id);

ALTER TABLE ONLY social.media
    ADD CONSTRAINT media_owner_id_fkey FOREIGN KEY (owner_id) REFERENCES identity.users(id);

ALTER TABLE ONLY social.notification_lanes
    ADD CONSTRAINT notification_lanes_user_id_fkey FOREIGN KEY (user_id) REFERENCES identity.users(id);

ALTER TABLE ONLY social.post_audience
    ADD CONSTRAINT post_audience_post_id_fkey FOREIGN KEY (post_id) REFERENCES social.posts(id);

ALTER TABLE ONLY social.post_audience
    ADD CONSTRAINT post_audience_user_id_fkey FOREIGN KEY (user_id) REFERENCES identity.users(id);

ALTER TABLE ONLY social.post_likes
    ADD CONSTRAINT post_likes_post_id_fkey FOREIGN KEY (post_id) REFERENCES social.posts(id);

ALTER TABLE ONLY social.post_likes
    ADD CONSTRAINT post_likes_user_id_fkey FOREIGN KEY (user_id) REFERENCES identity.users(id);

ALTER TABLE ONLY social.posts
    ADD CONSTRAINT posts_author_id_fkey FOREIGN KEY (author_id) REFERENCES identity.users(id);

ALTER TABLE communication.members ENABLE ROW LEVEL SECURITY;

ALTER TABLE communication.messages ENABLE ROW LEVEL SECURITY;

CREATE POLICY own ON communication.members TO app_user USING ((user_id = identity.me()));

CREATE POLICY own ON communication.messages TO app_user USING ((room_id = ANY (ARRAY( SELECT m.room_id
   FROM communication.members m
  WHERE ((m.user_id = identity.me()) AND (m.left_at IS NULL))))));

CREATE POLICY owners ON communication.members TO pg_database_owner USING (true);

CREATE POLICY owners ON communication.messages TO pg_database_owner USING (true);

ALTER TABLE identity.activity ENABLE ROW LEVEL SECURITY;

ALTER TABLE identity.consents ENABLE ROW LEVEL SECURITY;

ALTER TABLE identity.devices ENABLE ROW LEVEL SECURITY;

ALTER TABLE identity.erasures ENABLE ROW LEVEL SECURITY;

ALTER TABLE identity.exports ENABLE ROW LEVEL SECURITY;

ALTER TABLE identity.former_usernames ENABLE ROW LEVEL SECURITY;

ALTER TABLE identity.logins ENABLE ROW LEVEL SECURITY;

ALTER TABLE identity.one_time_codes ENABLE ROW LEVEL SECURITY;

CREATE POLICY own ON identity.activity TO app_user USING ((user_id = identity.me()));

CREATE POLICY own ON identity.consents TO app_user USING ((user_id = identity.me()));

CREATE POLICY own ON identity.devices TO app_user USING ((user_id = identity.me()));

CREATE POLICY own ON identity.erasures TO app_user USING ((user_id = identity.me()));

CREATE POLICY own ON identity.exports TO app_user USING ((user_id = identity.me()));

CREATE POLICY own ON identity.former_usernames TO app_user USING ((user_id = identity.me()));

CREATE POLICY own ON identity.logins TO app_user USING ((user_id = identity.me()));

CREATE POLICY own ON identity.one_time_codes TO app_user USING ((user_id = identity.me()));

CREATE POLICY own ON identity.profiles TO app_user USING ((user_id = identity.me()));

CREATE POLICY own ON identity.refresh_tokens TO app_user USING ((EXISTS ( SELECT
   FROM identity.sessions s
  WHERE ((s.id = refresh_tokens.session_id) AND (s.user_id = identity.me())))));

CREATE POLICY own ON identity.sessions TO app_user USING ((user_id = identity.me()));

CREATE POLICY own ON identity.settings TO app_user USING ((user_id = identity.me()));

CREATE POLICY own ON identity.totp TO app_user USING ((user_id = identity.me()));

CREATE POLICY own ON identity.user_values TO app_user USING ((user_id = identity.me()));

CREATE POLICY own ON identity.users TO app_user USING ((id = identity.me()));

CREATE POLICY owners ON identity.activity TO pg_database_owner USING (true);

CREATE POLICY owners ON identity.consents TO pg_database_owner USING (true);

CREATE POLICY owners ON identity.devices TO pg_database_owner USING (true);

CREATE POLICY owners ON identity.erasures TO pg_database_owner USING (true);

CREATE POLICY owners ON identity.exports TO pg_database_owner USING (true);

CREATE POLICY owners ON identity.former_usernames TO pg_database_owner USING (true);

CREATE POLICY owners ON identity.logins TO pg_database_owner USING (true);

CREATE POLICY owners ON identity.one_time_codes TO pg_database_owner USING (true);

CREATE POLICY owners ON identity.profiles TO pg_database_owner USING (true);

CREATE POLICY owners ON identity.refresh_tokens TO pg_database_owner USING (true);

CREATE POLICY owners ON identity.sessions TO pg_database_owner USING (true);

CREATE POLICY owners ON identity.settings TO pg_database_owner USING (true);

CREATE POLICY owners ON identity.totp TO pg_database_owner USING (true);

CREATE POLICY owners ON identity.user_values TO pg_database_owner USING (true);

CREATE POLICY owners ON identity.users TO pg_database_owner USING (true);

ALTER TABLE identity.profiles ENABLE ROW LEVEL SECURITY;

ALTER TABLE identity.refresh_tokens ENABLE ROW LEVEL SECURITY;

ALTER TABLE identity.sessions ENABLE ROW LEVEL SECURITY;

ALTER TABLE identity.settings ENABLE ROW LEVEL SECURITY;

ALTER TABLE identity.totp ENABLE ROW LEVEL SECURITY;

ALTER TABLE identity.user_values ENABLE ROW LEVEL SECURITY;

ALTER TABLE identity.users ENABLE ROW LEVEL SECURITY;

ALTER TABLE places.check_ins ENABLE ROW LEVEL SECURITY;

ALTER TABLE places.journeys ENABLE ROW LEVEL SECURITY;

ALTER TABLE places.mentor_notes ENABLE ROW LEVEL SECURITY;

ALTER TABLE places.mentor_sessions ENABLE ROW LEVEL SECURITY;

CREATE POLICY own ON places.check_ins TO app_user USING ((user_id = identity.me()));

CREATE POLICY own ON places.journeys TO app_user USING ((user_id = identity.me()));

CREATE POLICY own ON places.mentor_notes TO app_user USING ((user_id = identity.me()));

CREATE POLICY own ON places.mentor_sessions TO app_user USING (((user_id = identity.me()) OR (mentor_user_id = identity.me())));

CREATE POLICY own ON places.rewards TO app_user USING ((user_id = identity.me()));

CREATE POLICY owners ON places.check_ins TO pg_database_owner USING (true);

CREATE POLICY owners ON places.journeys TO pg_database_owner USING (true);

CREATE POLICY owners ON places.mentor_notes TO pg_database_owner USING (true);

CREATE POLICY owners ON places.mentor_sessions TO pg_database_owner USING (true);

CREATE POLICY owners ON places.rewards TO pg_database_owner USING (true);

ALTER TABLE places.rewards ENABLE ROW LEVEL SECURITY;

ALTER TABLE social.contacts ENABLE ROW LEVEL SECURITY;

ALTER TABLE social.media ENABLE ROW LEVEL SECURITY;

ALTER TABLE social.notification_lanes ENABLE ROW LEVEL SECURITY;

ALTER TABLE social.notification_outbox ENABLE ROW LEVEL SECURITY;

ALTER TABLE social.notifications ENABLE ROW LEVEL SECURITY;

CREATE POLICY own ON social.contacts TO app_user USING ((owner_id = identity.me()));

CREATE POLICY own ON social.media TO app_user USING ((owner_id = identity.me()));

CREATE POLICY own ON social.notification_lanes TO app_user USING ((user_id = identity.me()));

CREATE POLICY own ON social.notification_outbox TO app_user USING ((lane = identity.me()));

CREATE POLICY own ON social.notifications TO app_user USING ((user_id = identity.me()));

CREATE POLICY owners ON social.contacts TO pg_database_owner USING (true);

CREATE POLICY owners ON social.media TO pg_database_owner USING (true);

CREATE POLICY owners ON social.notification_lanes TO pg_database_owner USING (true);

CREATE POLICY owners ON social.notification_outbox TO pg_database_owner USING (true);

CREATE POLICY owners ON social.notifications TO pg_database_owner USING (true);
