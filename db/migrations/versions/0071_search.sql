-- Messages are found by their words, and by nobody else's: each word is indexed with its room.

-- What is said, as it is searched for: words in small letters, without accents, one blank between two; of long ones the beginning. Most
-- of what is said has no accents. Null: there are no words. As plpgsql it is made ready once, and not for each message.
CREATE FUNCTION communication.words(said text) RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
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

-- The place of a message is its room and its four thousand: what is found in one is not much, whatever is asked for. The end of a room's id
-- is chance; what two rooms have in common is told apart by whoever reads.
CREATE FUNCTION communication.place(room uuid, seq bigint) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN right(room::text, 8) || (seq >> 12) || '.';

-- The words of a message, each with its place.
CREATE FUNCTION communication.indexed(room uuid, seq bigint, said text) RETURNS tsvector LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    place text := communication.place(room, seq);
BEGIN
    RETURN array_to_tsvector(string_to_array(place || replace(communication.words(said), ' ', ' ' || place), ' '));
END $$;

-- Which messages have all of these words, the last one as the beginning of a word; `place`: in this one. Null: no words, so none.
CREATE FUNCTION communication.asked(words text, place text) RETURNS tsquery LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (place || replace(words, ' ', ' & ' || place) || ':*')::tsquery;

-- What is pending, which makes sending cheap, is read with each search, so it is kept short.
CREATE INDEX messages_by_words ON communication.messages USING gin (communication.indexed(room_id, seq, content))
    WITH (gin_pending_list_limit = 64) WHERE content IS NOT NULL AND type <> 'system';

-- Those of whom a reader sees nothing in groups, whatever group it is.
CREATE FUNCTION communication.unheard(reader uuid) RETURNS uuid[] LANGUAGE sql STABLE
RETURN ARRAY(SELECT b.other FROM identity.blocked_pairs b WHERE b.one = reader);

-- Messages of a room that its member may read and in which all of these words are, the latest first, before a seq. Four thousand after four
-- thousand: often the last ones are enough. That its index gives no room to the planner: it would read the whole room.
CREATE FUNCTION communication.found_in_room(room uuid, reader uuid, sought text, before bigint, most int)
RETURNS TABLE (id uuid)
LANGUAGE plpgsql STABLE
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
SET max_parallel_workers_per_gather = 0
SET jit = off
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

-- The same in all rooms of a user, before a message. What many say is among the latest of all messages; what few say is looked for in each
-- room.
CREATE FUNCTION communication.found(reader uuid, sought text, before uuid, most int) RETURNS TABLE (id uuid)
LANGUAGE plpgsql STABLE
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
SET max_parallel_workers_per_gather = 0
SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    words text := communication.words(sought);
    asked tsquery := communication.asked(words, '');
    longest text := (SELECT w FROM unnest(string_to_array(words, ' ')) w ORDER BY length(w) DESC LIMIT 1);
    unheard uuid[] := communication.unheard(reader);
    latest uuid[];
BEGIN
    IF asked IS NULL THEN
        RETURN;
    END IF;
    latest := ARRAY(
        SELECT s.id FROM (
            SELECT * FROM communication.messages WHERE id < before ORDER BY id DESC LIMIT 1500
        ) s
        WHERE s.content IS NOT NULL AND s.type <> 'system'
            AND (octet_length(s.content) <> char_length(s.content) OR strpos(lower(s.content), longest) > 0)
            AND array_to_tsvector(string_to_array(communication.words(s.content), ' ')) @@ asked
            AND (
                SELECT s.seq > m.joined_seq AND (r.kind = 'direct' OR s.sender_id <> ALL (unheard))
                FROM communication.members m JOIN communication.rooms r ON r.id = m.room_id
                WHERE m.room_id = s.room_id AND m.user_id = reader AND m.left_at IS NULL
            )
        ORDER BY s.id DESC LIMIT most
    );
    IF cardinality(latest) = most THEN
        RETURN QUERY SELECT unnest(latest);
        RETURN;
    END IF;
    RETURN QUERY
    SELECT s.id
    FROM communication.members m
    JOIN communication.rooms r ON r.id = m.room_id
    CROSS JOIN LATERAL generate_series((m.joined_seq + 1) >> 12, r.last_seq >> 12) era
    CROSS JOIN LATERAL (
        SELECT s.id FROM communication.messages s
        WHERE communication.indexed(s.room_id, s.seq, s.content) @@ communication.asked(words, communication.place(r.id, era << 12))
            AND s.content IS NOT NULL AND s.type <> 'system'
            AND s.room_id IS NOT DISTINCT FROM r.id AND (s.seq > m.joined_seq) IS TRUE AND (s.id < before) IS TRUE
            AND (r.kind = 'direct' OR s.sender_id <> ALL (unheard))
        OFFSET 0
    ) s
    WHERE m.user_id = reader AND m.left_at IS NULL
    ORDER BY s.id DESC LIMIT most;
END $$;
