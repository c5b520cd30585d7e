-- Keys of DATA_KEYS by which something here is encrypted: their ids, and what tells whether somebody has the same. While there is
-- none, everything is stored in clear, as nodes of the version before do and read it: the operator begins, when those are gone.
CREATE TABLE identity.data_keys (
    id text PRIMARY KEY CHECK (char_length(id) BETWEEN 1 AND 15),
    proof bytea NOT NULL CHECK (octet_length(proof) = 16),
    used_since timestamptz NOT NULL,
    retired_at timestamptz
);

-- Keys of hashes, and those that were derived from SECRET and have sealed something, each sealed with a key of DATA_KEYS: so SECRET
-- may be changed. `writes`: the first one of its purpose.
CREATE TABLE identity.kept_keys (
    purpose text NOT NULL,
    kid text NOT NULL CHECK (char_length(kid) = 16),
    box bytea NOT NULL,
    key_id text NOT NULL REFERENCES identity.data_keys,
    writes boolean NOT NULL,
    added_at timestamptz NOT NULL,
    PRIMARY KEY (purpose, kid)
);
CREATE UNIQUE INDEX one_kept_key_writes ON identity.kept_keys (purpose) WHERE writes;

-- Processes: which keys each knows, and by which it writes (null: in clear). One that has not said so for a while is gone.
CREATE TABLE identity.key_holders (
    node text PRIMARY KEY,
    secret text NOT NULL,
    known text[] NOT NULL,
    writes text,
    hashes text,
    seen_at timestamptz NOT NULL
);

-- All tables at once or none, so that nobody who has one of them waits for another one meanwhile.
DO $$
BEGIN
    FOR attempt IN 1 .. 500 LOOP
        BEGIN
            LOCK TABLE identity.users, identity.logins, interaction.reports, safety.appeals, safety.cases
                IN ACCESS EXCLUSIVE MODE NOWAIT;
            RETURN;
        EXCEPTION WHEN lock_not_available THEN
            PERFORM pg_sleep(0.02);
        END;
    END LOOP;
END $$;

-- A column that may be sealed holds the words, or chr(1), the id of the key, and a box as text. Existing rows keep the rule anyway.
ALTER TABLE identity.users DROP CONSTRAINT users_email_check,
    ADD CONSTRAINT users_email_check CHECK (starts_with(email, chr(1)) OR char_length(email) BETWEEN 3 AND 254) NOT VALID;
ALTER TABLE identity.logins DROP CONSTRAINT logins_hint_check,
    ADD CONSTRAINT logins_hint_check CHECK (starts_with(hint, chr(1)) OR char_length(hint) <= 254) NOT VALID;
ALTER TABLE interaction.reports DROP CONSTRAINT reports_note_check,
    ADD CONSTRAINT reports_note_check CHECK (starts_with(note, chr(1)) OR char_length(note) <= 2000) NOT VALID;
ALTER TABLE safety.appeals DROP CONSTRAINT appeals_text_check, DROP CONSTRAINT appeals_note_check,
    ADD CONSTRAINT appeals_text_check CHECK (starts_with(text, chr(1)) OR char_length(text) BETWEEN 1 AND 4000) NOT VALID,
    ADD CONSTRAINT appeals_note_check CHECK (starts_with(note, chr(1)) OR char_length(note) <= 2000) NOT VALID;
ALTER TABLE safety.cases DROP CONSTRAINT cases_note_check,
    ADD CONSTRAINT cases_note_check CHECK (starts_with(note, chr(1)) OR char_length(note) <= 2000) NOT VALID;

-- By this an address is found, and is one account's, when it is sealed. Null: it is in clear, and that finds it.
ALTER TABLE identity.users ADD COLUMN email_hash bytea CHECK (octet_length(email_hash) = 32);
CREATE UNIQUE INDEX one_account_an_email_hash ON identity.users (email_hash);

-- A node of the version before changes an address, and knows of no hash: that of the address before must not stay.
CREATE FUNCTION identity.forget_email_hash() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    NEW.email_hash := NULL;
    RETURN NEW;
END $$;

CREATE TRIGGER forget_email_hash BEFORE UPDATE OF email ON identity.users
    FOR EACH ROW
    WHEN (
        NEW.email IS DISTINCT FROM OLD.email AND NEW.email_hash = OLD.email_hash
        AND starts_with(NEW.email, chr(1)) IS NOT TRUE
    )
    EXECUTE FUNCTION identity.forget_email_hash();

-- Contacts follow a number that is found by another hash. As it was, the name of a table hid that of the row before: whoever signed in
-- by phone while SECRET was changed got an error; and what is written as it was is no change.
CREATE OR REPLACE FUNCTION social.number_has_changed() RETURNS trigger LANGUAGE plpgsql AS $$
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
