-- Friends: who asks whom, who are friends, and what ends it.

-- One request between two is open at most, whoever has asked: a second one that crosses it makes them friends. Those that are
-- closed are kept for a while, so that somebody can be told again what became of theirs, and cannot ask without end.
CREATE TABLE social.friend_requests (
    id uuid PRIMARY KEY,
    sender_id uuid NOT NULL REFERENCES identity.users,
    receiver_id uuid NOT NULL REFERENCES identity.users,
    created_at timestamptz NOT NULL,
    state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'accepted', 'refused', 'withdrawn')),
    closed_at timestamptz,
    CONSTRAINT nobody_asks_themselves CHECK (sender_id <> receiver_id),
    CONSTRAINT closed_at_some_time CHECK ((state = 'open') = (closed_at IS NULL))
);
CREATE UNIQUE INDEX one_open_request_a_pair
    ON social.friend_requests (least(sender_id, receiver_id), greatest(sender_id, receiver_id)) WHERE state = 'open';
CREATE INDEX requests_received ON social.friend_requests (receiver_id, id) WHERE state = 'open';
CREATE INDEX requests_sent ON social.friend_requests (sender_id, id) WHERE state = 'open';
CREATE INDEX requests_refused ON social.friend_requests (sender_id, receiver_id) WHERE state = 'refused';
CREATE INDEX requests_by_end ON social.friend_requests (closed_at) WHERE closed_at IS NOT NULL;

CREATE TABLE social.friendships (
    id uuid PRIMARY KEY,
    user_a uuid NOT NULL REFERENCES identity.users,
    user_b uuid NOT NULL REFERENCES identity.users,
    room_id uuid NOT NULL REFERENCES communication.rooms,
    created_at timestamptz NOT NULL,
    ended_at timestamptz,
    ended_by uuid REFERENCES identity.users,
    CONSTRAINT pair_in_order CHECK (user_a < user_b),
    CONSTRAINT ended_before_by CHECK (ended_by IS NULL OR ended_at IS NOT NULL)
);
CREATE UNIQUE INDEX one_friendship_a_pair ON social.friendships (user_a, user_b) WHERE ended_at IS NULL;
CREATE INDEX friends_of_a ON social.friendships (user_a, id) WHERE ended_at IS NULL;
CREATE INDEX friends_of_b ON social.friendships (user_b, id) WHERE ended_at IS NULL;
CREATE INDEX friendships_of_a_room ON social.friendships (room_id);
CREATE INDEX friendships_that_ended ON social.friendships (user_a, user_b, id) WHERE ended_at IS NOT NULL;

CREATE VIEW social.friends AS
SELECT user_a AS user_id, user_b AS friend_id, id, room_id, created_at FROM social.friendships WHERE ended_at IS NULL
UNION ALL
SELECT user_b, user_a, id, room_id, created_at FROM social.friendships WHERE ended_at IS NULL;
COMMENT ON VIEW social.friends IS 'Who are friends: each friendship in both orders.';

-- Their room is open while they are friends or connected.
CREATE OR REPLACE VIEW communication.grounds AS
SELECT c.room_id FROM interaction.connections c WHERE c.ended_at IS NULL
UNION ALL
SELECT f.room_id FROM social.friendships f WHERE f.ended_at IS NULL;

CREATE TRIGGER room_ends_with_its_friendship AFTER UPDATE OF ended_at ON social.friendships
    FOR EACH ROW WHEN (NEW.ended_at IS NOT NULL) EXECUTE FUNCTION communication.end_room_with_connection();

-- A block ends what the two have, in the same step, whoever writes it.
CREATE FUNCTION social.part_by_block() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE social.friendships SET ended_at = NEW.created_at, ended_by = NEW.blocker_id
    WHERE user_a = least(NEW.blocker_id, NEW.blocked_id) AND user_b = greatest(NEW.blocker_id, NEW.blocked_id)
        AND ended_at IS NULL;
    UPDATE social.friend_requests SET state = 'withdrawn', closed_at = NEW.created_at
    WHERE least(sender_id, receiver_id) = least(NEW.blocker_id, NEW.blocked_id)
        AND greatest(sender_id, receiver_id) = greatest(NEW.blocker_id, NEW.blocked_id) AND state = 'open';
    RETURN NULL;
END $$;
CREATE TRIGGER friendship_ends_with_a_block AFTER INSERT ON identity.blocks
    FOR EACH ROW EXECUTE FUNCTION social.part_by_block();

-- What a pending block has ended beside the connection, so that the two are told.
ALTER TABLE interaction.pending_blocks
    ADD COLUMN friendship_id uuid REFERENCES social.friendships,
    ADD COLUMN request_id uuid;

-- An account that is erased has no friends. One after the other: messages lock rooms in the order of their ids.
CREATE FUNCTION social.leave_all() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE left_id uuid;
BEGIN
    FOR left_id IN SELECT f.id FROM social.friends f WHERE f.user_id = NEW.id ORDER BY f.room_id LOOP
        UPDATE social.friendships SET ended_at = NEW.deleted_at, ended_by = NEW.id WHERE id = left_id AND ended_at IS NULL;
    END LOOP;
    UPDATE social.friend_requests SET state = 'withdrawn', closed_at = NEW.deleted_at
    WHERE NEW.id IN (sender_id, receiver_id) AND state = 'open';
    RETURN NULL;
END $$;
CREATE TRIGGER friendships_end_with_the_account AFTER UPDATE OF deleted_at ON identity.users
    FOR EACH ROW WHEN (OLD.deleted_at IS NULL AND NEW.deleted_at IS NOT NULL) EXECUTE FUNCTION social.leave_all();

-- Friends have both said yes, as those who are connected: no suspicion comes between them.
CREATE OR REPLACE VIEW safety.suspected_pairs AS
SELECT DISTINCT s.user_id AS suspected, a.avoider_id AS avoider, s.of_user_id
FROM safety.suspicions s
JOIN safety.avoiders a ON a.user_id = s.of_user_id AND a.avoider_id <> s.user_id
WHERE s.cleared_at IS NULL AND NOT EXISTS (
    SELECT FROM interaction.connections c
    WHERE c.user_a = least(s.user_id, a.avoider_id) AND c.user_b = greatest(s.user_id, a.avoider_id)
        AND c.ended_at IS NULL
) AND NOT EXISTS (
    SELECT FROM social.friendships f
    WHERE f.user_a = least(s.user_id, a.avoider_id) AND f.user_b = greatest(s.user_id, a.avoider_id)
        AND f.ended_at IS NULL
);
CREATE TRIGGER suspects_are_apart AFTER INSERT OR UPDATE OF ended_at ON social.friendships
    FOR EACH ROW EXECUTE FUNCTION safety.apart_by_connection();

COMMENT ON FUNCTION identity.visible_to IS
'The rule: users whom the viewer may see at this time. Their account stands, they are not banned, and neither has
blocked the other. What it means in each of its uses:
a profile is shown to those to whom its user is visible;
a list shows the card of a visible user with whom one is connected, and of anybody else a name;
friends, requests and suggestions are those whose user is visible;
one may block those whom one sees, and those whom one has met;
two may be offered to each other while each is visible to the other (the fence asks for the parts, to tell whose fault it is);
a stored message is announced to the members to whom its sender is visible;
presence is shown to friends and to those with an active connection, which a block ends; a ban ends what there is to show;
a feed or a search joins this relation.';
