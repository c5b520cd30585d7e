-- Whom somebody has in their address book, and who is found by that.

ALTER TABLE identity.settings
    ADD COLUMN find_by_phone boolean,
    ADD COLUMN hide_from_contacts boolean;

-- Numbers that users have sent, as `identity.logins` has them: a keyed hash, and no name. `user_id`: who has shown since that the
-- number is theirs.
CREATE TABLE social.contacts (
    owner_id uuid NOT NULL REFERENCES identity.users,
    mark bytea NOT NULL CHECK (octet_length(mark) = 32),
    sent_at timestamptz NOT NULL,
    user_id uuid REFERENCES identity.users,
    PRIMARY KEY (owner_id, mark),
    CONSTRAINT nobody_is_their_own_contact CHECK (user_id <> owner_id)
);
CREATE INDEX contacts_by_mark ON social.contacts (mark);
CREATE INDEX contacts_known ON social.contacts (owner_id, user_id) WHERE user_id IS NOT NULL;
CREATE INDEX contacts_of_a_user ON social.contacts (user_id, owner_id) WHERE user_id IS NOT NULL;

-- Somebody sends a number while its owner signs up with it: each could miss the other, so they happen one after the other. Those
-- who send do not wait for each other.
CREATE FUNCTION social.contacts_are_sent() RETURNS void LANGUAGE sql
RETURN pg_advisory_xact_lock_shared(hashtextextended('contacts', 0));

CREATE FUNCTION social.number_has_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('contacts', 0));
    IF TG_OP = 'INSERT' THEN
        UPDATE social.contacts SET user_id = NEW.user_id WHERE mark = NEW.subject_hash AND owner_id <> NEW.user_id;
    ELSIF TG_OP = 'DELETE' THEN
        UPDATE social.contacts SET user_id = NULL WHERE mark = OLD.subject_hash;
    ELSE  -- by a new secret: who has sent the number again has it by that already
        DELETE FROM social.contacts old WHERE old.mark = OLD.subject_hash
            AND EXISTS (SELECT FROM social.contacts c WHERE c.owner_id = old.owner_id AND c.mark = NEW.subject_hash);
        UPDATE social.contacts SET mark = NEW.subject_hash WHERE mark = OLD.subject_hash;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER contacts_find_whom_it_is AFTER INSERT ON identity.logins
    FOR EACH ROW WHEN (NEW.provider = 'phone') EXECUTE FUNCTION social.number_has_changed();
CREATE TRIGGER contacts_follow_the_secret AFTER UPDATE OF subject_hash ON identity.logins
    FOR EACH ROW WHEN (NEW.provider = 'phone') EXECUTE FUNCTION social.number_has_changed();
CREATE TRIGGER contacts_lose_whom_it_was AFTER DELETE ON identity.logins
    FOR EACH ROW WHEN (OLD.provider = 'phone') EXECUTE FUNCTION social.number_has_changed();

CREATE FUNCTION social.drop_contacts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM social.contacts WHERE owner_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER contacts_go_with_the_account AFTER UPDATE OF deleted_at ON identity.users
    FOR EACH ROW WHEN (OLD.deleted_at IS NULL AND NEW.deleted_at IS NOT NULL) EXECUTE FUNCTION social.drop_contacts();

-- What somebody has chosen is looked up one by one: as a join, all settings might be read for a few.
CREATE VIEW social.hidden_from AS
SELECT c.user_id, c.owner_id AS from_id FROM social.contacts c
WHERE c.user_id IS NOT NULL AND (SELECT s.hide_from_contacts FROM identity.settings s WHERE s.user_id = c.user_id)
UNION ALL
SELECT c.owner_id, c.user_id FROM social.contacts c
WHERE c.user_id IS NOT NULL AND (SELECT s.hide_from_contacts FROM identity.settings s WHERE s.user_id = c.owner_id);
COMMENT ON VIEW social.hidden_from IS
'Users who hide from contacts, and from whom: who has their number, and whose number they have. These do not find them, and
neither is offered to the other.';

CREATE VIEW social.contacts_found AS
SELECT c.owner_id, c.mark, c.user_id FROM social.contacts c
WHERE c.user_id IS NOT NULL AND (
    SELECT s.find_by_phone AND s.hide_from_contacts IS NOT TRUE FROM identity.settings s WHERE s.user_id = c.user_id
);
COMMENT ON VIEW social.contacts_found IS
'Whom each user has in their contacts, of those who let themselves be found by who has their number.';

-- With whom somebody is friends, read from the index alone: suggestions look at thousands.
CREATE INDEX friends_by_a ON social.friendships (user_a, id) INCLUDE (user_b) WHERE ended_at IS NULL;
CREATE INDEX friends_by_b ON social.friendships (user_b, id) INCLUDE (user_a) WHERE ended_at IS NULL;
DROP INDEX social.friends_of_a, social.friends_of_b;
