-- Who lets themselves be found, and names that were given up.

ALTER TABLE identity.settings ADD COLUMN find_by_search boolean;

-- Names by the words that are in them: of those who let themselves be found by a search, and of nobody else.
CREATE TABLE social.findable (
    user_id uuid PRIMARY KEY REFERENCES identity.users,
    words tsvector NOT NULL
);
CREATE INDEX findable_by_words ON social.findable USING gin (words);

CREATE FUNCTION social.words_of(name text) RETURNS text LANGUAGE sql IMMUTABLE
RETURN trim(lower(regexp_replace(
    regexp_replace(normalize(name, NFKD), '[\u0300-\u036f]', '', 'g'), '[^[:alnum:]]+', ' ', 'g'
)));
COMMENT ON FUNCTION social.words_of IS
'A name as it is searched for: words in small letters, without accents and signs, one space between two.';

-- Without looking at everybody, whatever the planner thinks of words that it does not know. More than a thousand help nobody who
-- looks for somebody, and would help who collects people.
CREATE FUNCTION social.found(sought text) RETURNS TABLE (user_id uuid) LANGUAGE sql STABLE SET enable_seqscan = off
BEGIN ATOMIC
    SELECT f.user_id FROM social.findable f
    WHERE f.words @@ (replace(nullif(social.words_of(sought), ''), ' ', ' & ') || ':*')::tsquery
    LIMIT 1000;
END;
COMMENT ON FUNCTION social.found IS
'Up to a thousand users whose names have all of these words, the last one as the beginning of a word.';

CREATE FUNCTION social.keep_findable(who uuid) RETURNS void LANGUAGE plpgsql AS $$
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

CREATE FUNCTION social.name_has_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM social.keep_findable(coalesce(to_jsonb(NEW) ->> 'user_id', to_jsonb(NEW) ->> 'id')::uuid);
    RETURN NULL;
END $$;
CREATE TRIGGER findable_by_name AFTER UPDATE OF username, deleted_at ON identity.users FOR EACH ROW
    WHEN (OLD.username IS DISTINCT FROM NEW.username OR OLD.deleted_at IS DISTINCT FROM NEW.deleted_at)
    EXECUTE FUNCTION social.name_has_changed();
CREATE TRIGGER findable_by_name AFTER UPDATE OF display_name ON identity.profiles FOR EACH ROW
    WHEN (OLD.display_name IS DISTINCT FROM NEW.display_name) EXECUTE FUNCTION social.name_has_changed();
CREATE TRIGGER findable_by_choice AFTER UPDATE OF find_by_search ON identity.settings FOR EACH ROW
    WHEN (OLD.find_by_search IS DISTINCT FROM NEW.find_by_search) EXECUTE FUNCTION social.name_has_changed();
CREATE TRIGGER findable_at_first AFTER INSERT ON identity.settings FOR EACH ROW
    WHEN (NEW.find_by_search) EXECUTE FUNCTION social.name_has_changed();

-- Names that were given up, in small letters: nobody else takes one before `until`, and whoever had it may come back to it. Of an
-- account that is erased the name stays reserved, and nobody knows for whom.
CREATE TABLE identity.former_usernames (
    username text PRIMARY KEY,
    user_id uuid REFERENCES identity.users,
    until timestamptz NOT NULL
);
CREATE INDEX former_usernames_of_a_user ON identity.former_usernames (user_id);
CREATE INDEX former_usernames_by_end ON identity.former_usernames (until);

-- After the index of usernames, where it waits for somebody who is just giving up the name.
CREATE FUNCTION identity.username_is_free() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM identity.former_usernames f
        WHERE f.username = lower(NEW.username) AND f.user_id IS DISTINCT FROM NEW.id AND f.until > NEW.updated_at
    ) THEN
        RAISE unique_violation USING MESSAGE = 'This username is reserved.', CONSTRAINT = 'one_account_a_username';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER username_is_free AFTER INSERT OR UPDATE OF username ON identity.users
    FOR EACH ROW WHEN (NEW.username IS NOT NULL) EXECUTE FUNCTION identity.username_is_free();

CREATE FUNCTION identity.forget_who_had_it() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE identity.former_usernames SET user_id = NULL WHERE user_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER former_usernames_are_nobodys AFTER UPDATE OF deleted_at ON identity.users
    FOR EACH ROW WHEN (OLD.deleted_at IS NULL AND NEW.deleted_at IS NOT NULL) EXECUTE FUNCTION identity.forget_who_had_it();
