-- Check-ins, and the journeys that they come to.

-- A part for each quarter of local days, so that an old one is dropped as a whole. No foreign keys: to attach or drop a part would
-- lock all users and places. The type of the place is as it was.
CREATE TABLE places.check_ins (
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    location_id uuid NOT NULL,
    location_type text NOT NULL CHECK (location_type IN ('coffee', 'gym', 'mentor', 'nutrition', 'partner')),
    local_day date NOT NULL,
    zone text NOT NULL,
    at timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    verified_by text CHECK (verified_by IN ('position', 'qr')),
    reason text CHECK (reason IN ('not_verified', 'too_soon', 'already_today', 'too_many', 'too_fast')),
    counts boolean NOT NULL,
    mood text CHECK (mood IN ('calm', 'anxious', 'neutral', 'motivated')),
    note text CHECK (char_length(note) <= 1000),
    flagged_at timestamptz,
    flagged_by uuid,
    flag_reason text CHECK (char_length(flag_reason) <= 500),
    PRIMARY KEY (id, local_day),
    CONSTRAINT counts_or_says_why_not CHECK (counts = (reason IS NULL AND flagged_at IS NULL)),
    CONSTRAINT only_what_is_verified_counts CHECK ((verified_by IS NULL) = (reason IS NOT DISTINCT FROM 'not_verified')),
    CONSTRAINT a_flag_is_whole CHECK (num_nonnulls(flagged_at, flagged_by, flag_reason) IN (0, 3))
) PARTITION BY RANGE (local_day);
COMMENT ON COLUMN places.check_ins.local_day IS 'What the calendar showed in `zone` at that time.';
COMMENT ON COLUMN places.check_ins.flagged_at IS 'Staff of the place say that it is not true: from then on it does not count.';
CREATE UNIQUE INDEX one_that_counts_a_place_and_day ON places.check_ins (user_id, location_id, local_day) WHERE counts;
CREATE INDEX check_ins_in_order ON places.check_ins (user_id, local_day, at, id);
CREATE INDEX check_ins_at_a_place ON places.check_ins (location_id, local_day) WHERE counts;

-- What no quarter was made for in time.
CREATE TABLE places.check_ins_other PARTITION OF places.check_ins DEFAULT;

-- What the check-ins of somebody come to, as of the last one: `core/journey.py` says how, and `state` is that. `carried` is the same
-- of those before `carried_until`, which are dropped in time.
CREATE TABLE places.journeys (
    user_id uuid PRIMARY KEY REFERENCES identity.users,
    state jsonb NOT NULL,
    carried jsonb,
    carried_until date,
    updated_at timestamptz NOT NULL,
    level smallint NOT NULL GENERATED ALWAYS AS ((state ->> 'level')::smallint) STORED CHECK (level BETWEEN 1 AND 5),
    total_check_ins integer NOT NULL GENERATED ALWAYS AS ((state ->> 'total')::integer) STORED CHECK (total_check_ins >= 0),
    current_streak integer NOT NULL GENERATED ALWAYS AS (coalesce((state ->> 'streak')::integer, 0)) STORED,
    longest_streak integer NOT NULL GENERATED ALWAYS AS (coalesce((state ->> 'longest')::integer, 0)) STORED
        CHECK (longest_streak >= current_streak),
    milestones jsonb NOT NULL GENERATED ALWAYS AS (coalesce(state -> 'milestones', '{}')) STORED,
    CONSTRAINT carried_until_some_day CHECK ((carried IS NULL) = (carried_until IS NULL))
) WITH (fillfactor = 80);

-- A review says whether its author was there, whichever came first.
CREATE FUNCTION places.has_been_at(visitor uuid, place uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT FROM places.check_ins c
        WHERE c.user_id = visitor AND c.location_id = place AND c.verified_by IS NOT NULL AND c.flagged_at IS NULL
    )
$$;
COMMENT ON FUNCTION places.has_been_at IS 'Whether a check-in of this user at this place was verified, and nobody has flagged it.';

-- The parts.
CREATE FUNCTION places.make_quarter(begins date) RETURNS boolean LANGUAGE plpgsql
SET lock_timeout = '3s'
AS $$
DECLARE
    part text := 'check_ins_' || to_char(begins, 'YYYY"q"Q');
    beyond date := begins + interval '3 months';
BEGIN
    IF to_regclass('places.' || part) IS NOT NULL THEN
        RETURN false;
    END IF;
    LOCK TABLE places.check_ins IN SHARE ROW EXCLUSIVE MODE;  -- nobody writes meanwhile, all may read
    IF to_regclass('places.' || part) IS NOT NULL THEN
        RETURN false;
    END IF;
    EXECUTE format('CREATE TABLE places.%I (LIKE places.check_ins INCLUDING ALL)', part);
    EXECUTE format(
        'WITH moved AS (DELETE FROM places.check_ins_other WHERE local_day >= %L AND local_day < %L RETURNING *)'
        ' INSERT INTO places.%I SELECT * FROM moved', begins, beyond, part
    );
    EXECUTE format('ALTER TABLE places.check_ins ATTACH PARTITION places.%I FOR VALUES FROM (%L) TO (%L)', part, begins, beyond);
    RETURN true;
END $$;
COMMENT ON FUNCTION places.make_quarter IS
'Make the part for the quarter that begins on that day, with what was stored before it was made. Whether it was not there.';

CREATE FUNCTION places.drop_quarters(before date) RETURNS bigint LANGUAGE plpgsql
SET lock_timeout = '3s'
AS $$
DECLARE part record; dropped bigint := 0;
BEGIN
    FOR part IN
        SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'places.check_ins'::regclass AND c.relname ~ '^check_ins_\d{4}q[1-4]$'
            AND make_date(substr(c.relname, 11, 4)::int, 3 * substr(c.relname, 16, 1)::int - 2, 1) + interval '3 months' <= before
    LOOP
        EXECUTE format('DROP TABLE places.%I', part.relname);
        dropped := dropped + 1;
    END LOOP;
    DELETE FROM places.check_ins_other WHERE local_day < before;
    RETURN dropped;
END $$;
COMMENT ON FUNCTION places.drop_quarters IS 'Drop the parts of quarters that were over by that day. How many.';

CALL identity.guard_rows('places.check_ins', 'user_id = identity.me()');
CALL identity.guard_rows('places.journeys', 'user_id = identity.me()');
GRANT USAGE ON SCHEMA places TO app_user;
GRANT SELECT (
    id, user_id, location_id, local_day, zone, at, created_at, verified_by, reason, counts, mood, note, flagged_at
) ON places.check_ins TO app_user;
GRANT SELECT (user_id, state) ON places.journeys TO app_user;
