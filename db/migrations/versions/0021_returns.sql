-- What accounts were seen with, and which new ones may be those of people who were banned.

-- Marks are keyed hashes; those of photos are difference hashes. They outlive their account. `barred`: there is, or was, a
-- ban of the user. It is only there so that such marks are found at once; whoever asks looks whether the ban holds.
CREATE TABLE safety.known_marks (
    user_id uuid NOT NULL REFERENCES identity.users,
    kind text NOT NULL
        CHECK (kind IN ('email', 'phone', 'device', 'network', 'photo', 'client', 'name', 'person', 'age')),
    mark bytea NOT NULL CHECK (octet_length(mark) BETWEEN 8 AND 32),
    first_seen timestamptz NOT NULL,
    last_seen timestamptz NOT NULL,
    barred boolean NOT NULL DEFAULT false,
    PRIMARY KEY (user_id, kind, mark)
);
CREATE INDEX bearers_of_a_mark ON safety.known_marks (kind, mark, last_seen);
CREATE INDEX barred_marks ON safety.known_marks (kind, mark) WHERE barred;
CREATE INDEX marks_by_age ON safety.known_marks (last_seen);

-- User `user_id` may be the same person as `of_user_id`. `suspect`: enough to be a suspect; otherwise they are only kept
-- apart from those who have blocked or reported the old account. One that was cleared (by null: it has lapsed) stays, so
-- that the same is not suspected again.
CREATE TABLE safety.suspicions (
    user_id uuid NOT NULL REFERENCES identity.users,
    of_user_id uuid NOT NULL REFERENCES identity.users,
    kind text NOT NULL CHECK (char_length(kind) BETWEEN 1 AND 32),
    shared text[] NOT NULL,
    weight real NOT NULL,
    suspect boolean NOT NULL,
    at timestamptz NOT NULL,
    cleared_at timestamptz,
    cleared_by uuid REFERENCES identity.users,
    PRIMARY KEY (user_id, of_user_id),
    CONSTRAINT nobody_is_suspected_of_themselves CHECK (user_id <> of_user_id),
    CONSTRAINT cleared_before_by CHECK (cleared_by IS NULL OR cleared_at IS NOT NULL)
);
CREATE INDEX suspected_of ON safety.suspicions (of_user_id, user_id) WHERE cleared_at IS NULL;
CREATE INDEX suspicions_by_age ON safety.suspicions (at) WHERE cleared_at IS NULL;

-- A ban may be written by hand too.
CREATE FUNCTION safety.bar_marks() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE safety.known_marks SET barred = true WHERE user_id = NEW.user_id AND NOT barred;
    RETURN NULL;
END
$$;
CREATE TRIGGER marks_are_barred AFTER INSERT OR UPDATE OF user_id ON identity.bans
    FOR EACH ROW EXECUTE FUNCTION safety.bar_marks();

-- With the last ban of an account that was not lifted goes the ground of what others were suspected of.
CREATE FUNCTION safety.drop_suspicions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM safety.suspicions s WHERE s.of_user_id = NEW.user_id AND NOT EXISTS (
        SELECT FROM identity.bans b WHERE b.user_id = NEW.user_id AND b.lifted_at IS NULL
    );
    RETURN NULL;
END
$$;
CREATE TRIGGER suspicions_go_with_the_ban AFTER UPDATE OF lifted_at ON identity.bans
    FOR EACH ROW WHEN (NEW.lifted_at IS NOT NULL) EXECUTE FUNCTION safety.drop_suspicions();

CREATE VIEW safety.avoiders AS
SELECT blocked_id AS user_id, blocker_id AS avoider_id FROM identity.blocks
UNION ALL
SELECT reported_id, reporter_id FROM interaction.reports;
COMMENT ON VIEW safety.avoiders IS
'Who has blocked or reported a user, and so must not meet them under another name either.';

-- Those who are connected by now have met and said yes.
CREATE VIEW safety.suspected_pairs AS
SELECT DISTINCT s.user_id AS suspected, a.avoider_id AS avoider
FROM safety.suspicions s
JOIN safety.avoiders a ON a.user_id = s.of_user_id AND a.avoider_id <> s.user_id
WHERE s.cleared_at IS NULL AND NOT EXISTS (
    SELECT FROM interaction.connections c
    WHERE c.user_a = least(s.user_id, a.avoider_id) AND c.user_b = greatest(s.user_id, a.avoider_id)
        AND c.ended_at IS NULL
);
COMMENT ON VIEW safety.suspected_pairs IS
'Somebody who may be a user that was banned, and somebody who has blocked or reported that user.';

-- The same in both orders, kept by triggers: each search and each profile asks for it, and to join would cost them a tenth.
CREATE TABLE safety.apart (
    one uuid NOT NULL,
    other uuid NOT NULL,
    suspected uuid NOT NULL REFERENCES identity.users,
    PRIMARY KEY (one, other, suspected)
);
CREATE INDEX apart_of_a_suspect ON safety.apart (suspected);

CREATE FUNCTION safety.keep_apart(suspects uuid[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM safety.apart a WHERE a.suspected = ANY (suspects) AND NOT EXISTS (
        SELECT FROM safety.suspected_pairs p
        WHERE p.suspected = a.suspected AND p.avoider IN (a.one, a.other)
    );
    INSERT INTO safety.apart (one, other, suspected)
    SELECT pair.one, pair.other, p.suspected
    FROM safety.suspected_pairs p
    CROSS JOIN LATERAL (VALUES (p.suspected, p.avoider), (p.avoider, p.suspected)) AS pair (one, other)
    WHERE p.suspected = ANY (suspects)
    ON CONFLICT DO NOTHING;
END
$$;

-- With the lock a block or a report of the old account, which refers to it, comes wholly before or wholly after.
CREATE FUNCTION safety.apart_by_suspicion() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM identity.users WHERE id = coalesce(NEW.of_user_id, OLD.of_user_id) FOR UPDATE;
    PERFORM safety.keep_apart(ARRAY[coalesce(NEW.user_id, OLD.user_id)]);
    RETURN NULL;
END
$$;
CREATE TRIGGER suspects_are_apart AFTER INSERT OR UPDATE OF cleared_at OR DELETE ON safety.suspicions
    FOR EACH ROW EXECUTE FUNCTION safety.apart_by_suspicion();

-- After the checks of foreign keys, whose names come first: they wait for that lock.
CREATE FUNCTION safety.apart_by_block() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM safety.keep_apart(array_agg(s.user_id)) FROM safety.suspicions s
    WHERE s.of_user_id = coalesce(NEW.blocked_id, OLD.blocked_id) AND s.cleared_at IS NULL HAVING count(*) > 0;
    RETURN NULL;
END
$$;
CREATE TRIGGER suspects_are_apart AFTER INSERT OR DELETE ON identity.blocks
    FOR EACH ROW EXECUTE FUNCTION safety.apart_by_block();

CREATE FUNCTION safety.apart_by_report() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM safety.keep_apart(array_agg(s.user_id)) FROM safety.suspicions s
    WHERE s.of_user_id = NEW.reported_id AND s.cleared_at IS NULL HAVING count(*) > 0;
    RETURN NULL;
END
$$;
CREATE TRIGGER suspects_are_apart AFTER INSERT ON interaction.reports
    FOR EACH ROW EXECUTE FUNCTION safety.apart_by_report();

CREATE FUNCTION safety.apart_by_connection() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM safety.keep_apart(array_agg(DISTINCT s.user_id)) FROM safety.suspicions s
    WHERE s.user_id IN (NEW.user_a, NEW.user_b) AND s.cleared_at IS NULL HAVING count(*) > 0;
    RETURN NULL;
END
$$;
CREATE TRIGGER suspects_are_apart AFTER INSERT OR UPDATE OF ended_at ON interaction.connections
    FOR EACH ROW EXECUTE FUNCTION safety.apart_by_connection();

CREATE OR REPLACE VIEW identity.blocked_pairs AS
SELECT blocker_id AS one, blocked_id AS other FROM identity.blocks
UNION ALL
SELECT blocked_id, blocker_id FROM identity.blocks
UNION ALL
SELECT one, other FROM safety.apart;
COMMENT ON VIEW identity.blocked_pairs IS
'Two between whom a block stands, whoever has blocked; or of whom one may be somebody, banned since, whom the other has
blocked or reported: each pair in both orders.';
