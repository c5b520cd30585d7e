-- A search of all rooms that looks further back goes on where it was, and gives that up where it finds less than it had hoped for.

-- As 0073 made it, but for how it looks back: through 200 messages, and on while one of a hundred is found, each time through twice as many as
-- should hold the rest of the page, but through no more than three times what it has looked through. So what two chance hits cost is bounded, and
-- nothing is looked through twice.
CREATE OR REPLACE FUNCTION communication.found(reader uuid, sought text, before uuid, most int) RETURNS TABLE (id uuid)
LANGUAGE plpgsql STABLE ROWS 50
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
SET max_parallel_workers_per_gather = 0
SET jit = off
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
