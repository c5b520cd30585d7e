-- A ban holds for a time, which is written in one place, and somebody has to see to it that it takes effect where its
-- user is connected: whoever wrote it, and however.
ALTER TABLE identity.bans
    -- Null: at once.
    ADD COLUMN begins_at timestamptz,
    ADD COLUMN during tstzrange NOT NULL GENERATED ALWAYS AS (
        CASE WHEN lifted_at IS NOT NULL OR until <= begins_at THEN 'empty'::tstzrange ELSE tstzrange(begins_at, until) END
    ) STORED,
    -- When the sessions, the queue and the calls of its user had been ended; null: that is to be done.
    ADD COLUMN enforced_at timestamptz,
    -- While one node sees to it, no other does.
    ADD COLUMN taken_until timestamptz NOT NULL DEFAULT '-infinity';

CREATE INDEX bans_to_enforce ON identity.bans (taken_until) WHERE enforced_at IS NULL AND lifted_at IS NULL;
CREATE INDEX bans_of_a_user ON identity.bans (user_id);
DROP INDEX identity.bans_not_lifted;

-- Whoever prolongs a ban, or puts it in force again, has it take effect again.
CREATE FUNCTION identity.enforce_anew() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.enforced_at := NULL;
    NEW.taken_until := '-infinity';
    RETURN NEW;
END
$$;
CREATE TRIGGER enforced_as_it_is BEFORE UPDATE OF user_id, begins_at, until, lifted_at ON identity.bans
    FOR EACH ROW EXECUTE FUNCTION identity.enforce_anew();
