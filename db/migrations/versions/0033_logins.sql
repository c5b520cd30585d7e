-- Ways to sign in: an account has one or several, so it may have no password and no email address. The hash of a password
-- stays in `users`, where nodes of the version before read and write it; its row here follows from it.

CREATE TABLE identity.logins (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES identity.users,
    provider text NOT NULL CHECK (provider IN ('password', 'phone', 'google', 'apple')),
    subject_hash bytea CHECK (octet_length(subject_hash) = 32),
    hint text CHECK (char_length(hint) <= 254),
    sealed bytea,
    key_id text,
    created_at timestamptz NOT NULL,
    CONSTRAINT one_account_a_login UNIQUE (provider, subject_hash),
    CONSTRAINT a_password_is_of_its_account CHECK ((provider = 'password') = (subject_hash IS NULL)),
    CONSTRAINT sealed_with_a_key CHECK ((sealed IS NULL) = (key_id IS NULL))
);
CREATE INDEX logins_of_a_user ON identity.logins (user_id);
CREATE UNIQUE INDEX one_password_an_account ON identity.logins (user_id) WHERE provider = 'password';
COMMENT ON TABLE identity.logins IS
'`subject_hash` is a keyed hash of the number, or of whom Google or Apple says somebody is; `sealed` is what was hashed, for
the day on which the key changes. The login of a password has the id of its account.';

ALTER TABLE identity.users
    DROP CONSTRAINT only_the_erased_have_no_login,
    ADD CONSTRAINT only_the_erased_have_no_name CHECK (deleted_at IS NOT NULL OR username IS NOT NULL);

CREATE FUNCTION identity.keep_logins() RETURNS trigger LANGUAGE plpgsql AS $$
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
CREATE TRIGGER logins_follow AFTER INSERT OR UPDATE OF password_hash, deleted_at ON identity.users
    FOR EACH ROW EXECUTE FUNCTION identity.keep_logins();

INSERT INTO identity.logins (id, user_id, provider, created_at)
SELECT id, id, 'password', created_at FROM identity.users WHERE password_hash IS NOT NULL AND deleted_at IS NULL;
