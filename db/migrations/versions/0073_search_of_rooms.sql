-- A search of all rooms finds what few say without a detour for each room, and chooses between the two ways by what a few places hold.

-- Which of the latest of all messages, before one, a reader may read who looks for these words: at most so many, the latest first, of so many.
CREATE FUNCTION communication.found_lately(reader uuid, words text, before uuid, most int, among int) RETURNS uuid[]
LANGUAGE plpgsql STABLE
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
SET max_parallel_workers_per_gather = 0
SET jit = off
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

-- Some places (a room and its four thousand), of which the index is asked at once: their rooms, after which seq each may be read, which
-- of them are groups, and what is asked.
CREATE TYPE communication.places AS (rooms uuid[], joined bigint[], grouped boolean[], asked tsquery);

-- Messages before one that are in these places, and that a reader may read who avoids those `unheard`.
CREATE FUNCTION communication.found_in_places(places communication.places[], unheard uuid[], before uuid) RETURNS TABLE (id uuid)
LANGUAGE plpgsql STABLE
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
SET max_parallel_workers_per_gather = 0
SET jit = off
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

-- The same in all rooms of a user, before a message. What many say is among the latest of all messages; what few say, the index finds
-- in each place of their rooms, four at a time. How many say it is told by some of the latest messages, and by one place in sixteen, those of
-- the latest first: to look into a place costs as much as to read about three messages, and to fetch one that was found as much as to read one.
CREATE OR REPLACE FUNCTION communication.found(reader uuid, sought text, before uuid, most int) RETURNS TABLE (id uuid)
LANGUAGE plpgsql STABLE
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
SET max_parallel_workers_per_gather = 0
SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    words text := communication.words(sought);
    unheard uuid[] := communication.unheard(reader);
    latest uuid[];
    places communication.places[];
    known uuid[];
    sample int;
    held float8;
    depth float8;
BEGIN
    IF words IS NULL THEN
        RETURN;
    END IF;
    latest := communication.found_lately(reader, words, before, most, 200);
    IF cardinality(latest) BETWEEN 2 AND most - 1 THEN  -- some thousands may hold a page of them
        latest := communication.found_lately(reader, words, before, most, 600 * most / cardinality(latest));
    END IF;
    IF cardinality(latest) = most THEN
        RETURN QUERY SELECT unnest(latest);
        RETURN;
    END IF;

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
        IF depth < held + 12 * cardinality(places) THEN
            latest := communication.found_lately(reader, words, before, most, depth::int);
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

-- A page of them, and not a thousand: what is joined with them is looked up, and not read as a whole.
ALTER FUNCTION communication.found(uuid, text, uuid, int) ROWS 50;
ALTER FUNCTION communication.found_in_room(uuid, uuid, text, bigint, int) ROWS 50;
