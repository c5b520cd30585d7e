-- What people show of themselves, and what is kept of when they were here.

-- Null: as it is for whoever has said nothing, that is shown.
ALTER TABLE identity.settings
    ADD COLUMN show_age boolean,
    ADD COLUMN show_city boolean,
    ADD COLUMN show_country boolean,
    ADD COLUMN show_last_seen boolean,
    ADD COLUMN read_receipts boolean;

-- What their owner studies or works on.
ALTER TABLE identity.profiles ADD COLUMN study_focus text CHECK (char_length(study_focus) <= 200);

-- What is not shown is null, but for the birth date, which servers of the version before need: `show_age` goes with it.
-- `own_country` is for matching, which goes by what is true. Settings are looked up one by one: as a join, all might be read.
CREATE OR REPLACE VIEW identity.cards AS
SELECT p.user_id, p.display_name, p.birth_date, p.gender, p.intent, p.languages,
    CASE WHEN coalesce(own.show_country, true) THEN p.country END AS country,
    CASE WHEN coalesce(own.show_city, true) THEN p.city END AS city,
    p.bio, p.photos ->> 0 AS photo_url, (
        SELECT shown.id FROM social.profile_media shown
        WHERE shown.user_id = p.user_id AND shown.type = 'image' AND shown.state = 'ready'
        ORDER BY shown.place LIMIT 1
    ) AS photo_id,
    coalesce(own.show_age, true) AS show_age, p.country AS own_country
FROM identity.profiles p
LEFT JOIN LATERAL (
    SELECT s.show_age, s.show_city, s.show_country FROM identity.settings s WHERE s.user_id = p.user_id OFFSET 0
) own ON true;

-- Who turns read receipts off neither sends nor gets any; what they have read is told to their own devices, and when is not kept.
CREATE OR REPLACE FUNCTION communication.read(room_ids uuid[], user_ids uuid[], seqs bigint[], times timestamptz[])
RETURNS TABLE (n bigint, read_seq bigint, delivered_seq bigint, members uuid[])
LANGUAGE plpgsql SET plan_cache_mode TO 'force_generic_plan' SET enable_seqscan TO 'off' AS $$
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
            r.ended_at IS NULL AS active, EXISTS (
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
        ARRAY(
            SELECT m.user_id FROM communication.members m
            WHERE m.room_id = reader.room_id AND m.left_at IS NULL AND (
                m.user_id = reader.user_id OR reader.active AND NOT reader.quiet AND NOT EXISTS (
                    SELECT FROM identity.settings s WHERE s.user_id = m.user_id AND s.read_receipts IS FALSE
                )
            )
            ORDER BY m.user_id
        )
    FROM reader;
END $$;

-- When somebody has last signed in, and was last here, to some minutes. Sessions are forgotten sooner.
CREATE TABLE identity.activity (
    user_id uuid PRIMARY KEY REFERENCES identity.users,
    last_login timestamptz NOT NULL,
    last_active timestamptz NOT NULL
);
INSERT INTO identity.activity (user_id, last_login, last_active)
SELECT s.user_id, max(s.created_at), max(s.last_used_at) FROM identity.sessions s
JOIN identity.users u ON u.id = s.user_id AND u.deleted_at IS NULL
WHERE NOT s.restricted GROUP BY s.user_id;

CREATE FUNCTION identity.note_activity() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO identity.activity AS known (user_id, last_login, last_active)
    VALUES (NEW.user_id, NEW.created_at, NEW.last_used_at)
    ON CONFLICT (user_id) DO UPDATE SET
        last_login = greatest(known.last_login, excluded.last_login),
        last_active = greatest(known.last_active, excluded.last_active);
    RETURN NULL;
END $$;
CREATE TRIGGER activity_of_a_session AFTER INSERT OR UPDATE OF last_used_at ON identity.sessions
    FOR EACH ROW WHEN (NOT NEW.restricted) EXECUTE FUNCTION identity.note_activity();

CREATE FUNCTION identity.forget_activity() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM identity.activity WHERE user_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER activity_goes_with_the_account AFTER UPDATE OF deleted_at ON identity.users
    FOR EACH ROW WHEN (OLD.deleted_at IS NULL AND NEW.deleted_at IS NOT NULL) EXECUTE FUNCTION identity.forget_activity();

-- A search reads what it looks for, and not also what was written last.
ALTER INDEX social.findable_by_words SET (fastupdate = off);
ALTER FUNCTION social.found ROWS 20;  -- so that those are looked at one by one
ALTER FUNCTION social.found SET enable_indexscan = off;  -- by the words, and not by looking through all in another order
