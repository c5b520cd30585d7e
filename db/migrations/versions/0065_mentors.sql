-- Mentors: people of whom admins say what they are good at and when they have time. One user is one mentor.
CREATE TABLE places.mentors (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES identity.users,
    title text NOT NULL CHECK (char_length(title) <= 100),
    specialization text[] NOT NULL,
    bio text NOT NULL CHECK (char_length(bio) <= 4000),
    verified boolean NOT NULL,
    available boolean NOT NULL,
    schedule_type text NOT NULL CHECK (schedule_type IN ('in-person', 'virtual', 'both')),
    schedule jsonb NOT NULL,
    session_m integer NOT NULL CHECK (session_m BETWEEN 15 AND 240),
    location_id uuid REFERENCES places.locations,
    rating_sum integer NOT NULL DEFAULT 0,
    review_count integer NOT NULL DEFAULT 0,
    total_sessions integer NOT NULL DEFAULT 0 CHECK (total_sessions >= 0),
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT one_mentor_a_user UNIQUE (user_id),
    CONSTRAINT mentors_rated_from_one_to_five CHECK (rating_sum BETWEEN review_count AND review_count * 5)
);
COMMENT ON COLUMN places.mentors.schedule IS 'Weekly hours and exceptions in the zone of the mentor, as those of a place.';
CREATE INDEX mentors_at_a_place ON places.mentors (location_id) WHERE location_id IS NOT NULL;

-- There is no extension that lets a uuid exclude another one; a range of one does.
CREATE TYPE places.uuid_range AS RANGE (subtype = uuid, multirange_type_name = places.uuid_multirange);

CREATE TABLE places.mentor_sessions (
    id uuid PRIMARY KEY,
    mentor_id uuid NOT NULL REFERENCES places.mentors,
    mentor_user_id uuid NOT NULL REFERENCES identity.users,
    user_id uuid NOT NULL REFERENCES identity.users,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    type text NOT NULL CHECK (type IN ('in-person', 'virtual')),
    location_id uuid REFERENCES places.locations,
    status text NOT NULL DEFAULT 'scheduled' CHECK (status IN ('scheduled', 'completed', 'cancelled', 'no-show')),
    created_at timestamptz NOT NULL,
    decided_at timestamptz,
    decided_by uuid,
    reminded_at timestamptz,
    CONSTRAINT nobody_mentors_themselves CHECK (user_id <> mentor_user_id),
    CONSTRAINT it_ends_after_it_began CHECK (ends_at > starts_at),
    CONSTRAINT decided_at_some_time CHECK ((status = 'scheduled') = (decided_at IS NULL)),
    -- As mentor or not: of two sessions that overlap, nobody has a part in both.
    CONSTRAINT nobody_in_two_sessions EXCLUDE USING gist (
        tstzrange(starts_at, ends_at) WITH &&,
        places.uuid_multirange(
            places.uuid_range(user_id, user_id, '[]'), places.uuid_range(mentor_user_id, mentor_user_id, '[]')
        ) WITH &&
    ) WHERE (status <> 'cancelled')
);
COMMENT ON COLUMN places.mentor_sessions.decided_by IS 'Who has cancelled it, or said what became of it; null: nobody, the two were parted.';
COMMENT ON COLUMN places.mentor_sessions.reminded_at IS 'Of which beginning both were reminded.';
CREATE INDEX sessions_of_a_user ON places.mentor_sessions (user_id, starts_at, id);
CREATE INDEX sessions_of_a_mentor ON places.mentor_sessions (mentor_user_id, starts_at, id);

CALL identity.guard_rows('places.mentor_sessions', 'user_id = identity.me() OR mentor_user_id = identity.me()');
GRANT SELECT ON places.mentor_sessions TO app_user;

-- What each of the two notes for themselves: PostgreSQL shows nobody the other's.
CREATE TABLE places.mentor_notes (
    id uuid PRIMARY KEY,
    session_id uuid NOT NULL REFERENCES places.mentor_sessions,
    user_id uuid NOT NULL REFERENCES identity.users,
    notes text NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT one_note_a_session_and_user UNIQUE (session_id, user_id)
);
CREATE INDEX notes_of_a_user ON places.mentor_notes (user_id);
CALL identity.guard_rows('places.mentor_notes', 'user_id = identity.me()');
GRANT SELECT ON places.mentor_notes TO app_user;

-- A block, or the wish to be erased, ends what two have before them. It needs no word of either, and comes back with nothing.
CREATE FUNCTION places.cancel_sessions(one uuid, other uuid, at timestamptz) RETURNS void LANGUAGE sql AS $$
    UPDATE places.mentor_sessions SET status = 'cancelled', decided_at = at
    WHERE status = 'scheduled' AND ends_at > at AND (
        user_id = one AND mentor_user_id = coalesce(other, mentor_user_id)
        OR mentor_user_id = one AND user_id = coalesce(other, user_id)
    )
$$;
COMMENT ON FUNCTION places.cancel_sessions IS 'Those of the first that are not over: with the other, or (null) with anybody.';
CREATE FUNCTION places.part_by_block() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM places.cancel_sessions(NEW.blocker_id, NEW.blocked_id, NEW.created_at);
    RETURN NULL;
END $$;
CREATE TRIGGER sessions_end_with_a_block AFTER INSERT ON identity.blocks FOR EACH ROW EXECUTE FUNCTION places.part_by_block();
CREATE FUNCTION places.part_by_leaving() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM places.cancel_sessions(NEW.user_id, NULL, NEW.asked_at);
    RETURN NULL;
END $$;
CREATE TRIGGER sessions_end_with_the_account AFTER INSERT ON identity.erasures
    FOR EACH ROW EXECUTE FUNCTION places.part_by_leaving();

-- By which session two call each other, where it is not by their connection.
ALTER TABLE interaction.calls ADD COLUMN mentor_session_id uuid;

-- Reviews of mentors are counted as those of places.
ALTER TABLE places.reviews ADD CONSTRAINT reviews_mentor_id_fkey FOREIGN KEY (mentor_id) REFERENCES places.mentors;
CREATE INDEX reviews_of_a_mentor ON places.reviews (mentor_id, id) WHERE mentor_id IS NOT NULL;
CREATE FUNCTION places.count_mentor_review() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE places.mentors m
    SET review_count = m.review_count + change.count, rating_sum = m.rating_sum + change.sum
    FROM (
        SELECT one.mentor_id, sum(one.count) AS count, sum(one.count * one.rating) AS sum
        FROM (
            SELECT OLD.mentor_id, -1 AS count, OLD.rating WHERE TG_OP <> 'INSERT' AND OLD.hidden_at IS NULL
            UNION ALL
            SELECT NEW.mentor_id, 1, NEW.rating WHERE TG_OP <> 'DELETE' AND NEW.hidden_at IS NULL
        ) one
        GROUP BY one.mentor_id
    ) change
    WHERE m.id = change.mentor_id AND (change.count, change.sum) <> (0, 0);
    RETURN NULL;
END $$;
CREATE TRIGGER mentor_reviews_are_counted AFTER INSERT OR DELETE OR UPDATE OF rating, hidden_at, mentor_id ON places.reviews
    FOR EACH ROW EXECUTE FUNCTION places.count_mentor_review();
