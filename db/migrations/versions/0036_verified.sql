-- Whether the address of an account was shown to be its owner's. `verified_at` says when they first showed one of anything:
-- an address, a number, or an account with somebody who knows them.
ALTER TABLE identity.users ADD COLUMN email_verified_at timestamptz;

CREATE FUNCTION identity.verify_by_login() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE identity.users SET verified_at = NEW.created_at WHERE id = NEW.user_id AND verified_at IS NULL;
    RETURN NULL;
END
$$;
CREATE TRIGGER a_login_verifies AFTER INSERT ON identity.logins
    FOR EACH ROW WHEN (NEW.provider <> 'password') EXECUTE FUNCTION identity.verify_by_login();

UPDATE identity.users u SET verified_at = now()
WHERE verified_at IS NULL AND EXISTS (
    SELECT FROM identity.logins l WHERE l.user_id = u.id AND l.provider <> 'password'
);
