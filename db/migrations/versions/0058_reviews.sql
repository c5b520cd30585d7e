-- Reviews: of a place, or of a mentor, one a user and subject.
CREATE TABLE places.reviews (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES identity.users,
    location_id uuid REFERENCES places.locations,
    mentor_id uuid,
    rating smallint NOT NULL CHECK (rating BETWEEN 1 AND 5),
    title text CHECK (char_length(title) <= 255),
    content text CHECK (char_length(content) <= 4000),
    verified_visit boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL,
    edited_at timestamptz,
    hidden_at timestamptz,
    CONSTRAINT of_one_subject CHECK (num_nonnulls(location_id, mentor_id) = 1)
);
COMMENT ON COLUMN places.reviews.hidden_at IS 'A report of it was found right: it is shown to its author alone, and not counted.';
CREATE UNIQUE INDEX one_review_a_place ON places.reviews (user_id, location_id) WHERE location_id IS NOT NULL;
CREATE UNIQUE INDEX one_review_a_mentor ON places.reviews (user_id, mentor_id) WHERE mentor_id IS NOT NULL;
CREATE INDEX reviews_of_a_place ON places.reviews (location_id, id) WHERE location_id IS NOT NULL;

-- What reviews come to is always what they say, whoever writes, hides or erases them.
CREATE FUNCTION places.count_review() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE places.locations l
    SET review_count = l.review_count + change.count, rating_sum = l.rating_sum + change.sum
    FROM (
        SELECT one.location_id, sum(one.count) AS count, sum(one.count * one.rating) AS sum
        FROM (
            SELECT OLD.location_id, -1 AS count, OLD.rating WHERE TG_OP <> 'INSERT' AND OLD.hidden_at IS NULL
            UNION ALL
            SELECT NEW.location_id, 1, NEW.rating WHERE TG_OP <> 'DELETE' AND NEW.hidden_at IS NULL
        ) one
        GROUP BY one.location_id
    ) change
    WHERE l.id = change.location_id AND (change.count, change.sum) <> (0, 0);
    RETURN NULL;
END $$;
CREATE TRIGGER reviews_are_counted AFTER INSERT OR DELETE OR UPDATE OF rating, hidden_at, location_id ON places.reviews
    FOR EACH ROW EXECUTE FUNCTION places.count_review();

-- While any report of it is found right, a review is hidden; where that is undone, it is back.
CREATE FUNCTION places.hide_review() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE places.reviews r
    SET hidden_at = CASE WHEN judged.is_wrong THEN now() END
    FROM (
        SELECT own.id, own.hidden_at IS NOT NULL AS was_hidden, EXISTS (
            SELECT FROM interaction.reports told
            WHERE told.subject_type = 'review' AND told.subject_id = own.id AND told.status = 'actioned'
        ) AS is_wrong
        FROM places.reviews own WHERE own.id = NEW.subject_id
    ) judged
    WHERE r.id = judged.id AND judged.was_hidden <> judged.is_wrong;
    RETURN NULL;
END $$;
CREATE TRIGGER reviews_are_hidden_by_cases AFTER UPDATE OF status ON interaction.reports
    FOR EACH ROW WHEN (NEW.subject_type = 'review' AND OLD.status IS DISTINCT FROM NEW.status)
    EXECUTE FUNCTION places.hide_review();
