-- Accounts whose owner has asked for them to be deleted. Until `erases_at` the owner may take that back, which removes the row;
-- from `begun_at` on nobody can. `done_at`: when nothing was left to erase that does not wait for a moderator's decision.
CREATE TABLE identity.erasures (
    user_id uuid PRIMARY KEY REFERENCES identity.users,
    asked_at timestamptz NOT NULL,
    erases_at timestamptz NOT NULL,
    begun_at timestamptz,
    done_at timestamptz,
    CONSTRAINT begun_before_done CHECK (done_at IS NULL OR begun_at IS NOT NULL)
);
CREATE INDEX erasures_to_do ON identity.erasures (erases_at) WHERE done_at IS NULL;
CREATE INDEX erasures_done ON identity.erasures (done_at) WHERE done_at IS NOT NULL;

-- A copy of somebody's data, which a job makes; `key` names its object. The row is there before the object, and goes after it.
CREATE TABLE identity.exports (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES identity.users,
    key text NOT NULL CONSTRAINT one_export_an_object UNIQUE,
    asked_at timestamptz NOT NULL,
    state text NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'ready', 'failed')),
    progress real NOT NULL DEFAULT 0 CHECK (progress BETWEEN 0 AND 1),
    failures integer NOT NULL DEFAULT 0,
    size bigint CHECK (size > 0),
    ready_at timestamptz,
    expires_at timestamptz,
    CONSTRAINT ready_at_some_time CHECK ((state = 'ready') = (ready_at IS NOT NULL)),
    CONSTRAINT over_at_some_time CHECK (state = 'running' OR expires_at IS NOT NULL)
);
CREATE UNIQUE INDEX one_running_export_a_user ON identity.exports (user_id) WHERE state = 'running' AND expires_at IS NULL;
CREATE INDEX exports_of_a_user ON identity.exports (user_id, id);
CREATE INDEX exports_to_delete ON identity.exports (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX exports_at_work ON identity.exports (asked_at) WHERE state = 'running' AND expires_at IS NULL;

-- What holds for one who is banned holds for one whose account awaits erasure: nobody sees or meets them. Where the two differ,
-- which is in what they themselves are told, `under_ban` is asked.
CREATE FUNCTION identity.under_ban(at timestamptz) RETURNS TABLE (user_id uuid) LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT b.user_id FROM identity.bans b WHERE b.during @> at;
END;
COMMENT ON FUNCTION identity.under_ban IS 'Users with a ban that holds at this time; a user with two of them comes twice.';

CREATE OR REPLACE FUNCTION identity.banned(at timestamptz) RETURNS TABLE (user_id uuid) LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT b.user_id FROM identity.bans b WHERE b.during @> at
    UNION ALL
    SELECT e.user_id FROM identity.erasures e;
END;
COMMENT ON FUNCTION identity.banned IS 'Users who are out at this time: with a ban that holds, or with an account that awaits erasure.
A user may come several times.';

-- Calls that are forgotten after a while: those that have led to nothing. Keys sort by time.
CREATE INDEX calls_that_led_to_nothing ON interaction.calls (id) WHERE outcome <> 'connected';
