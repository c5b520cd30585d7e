-- A newcomer who is as old as somebody who was banned lately is kept from those who have blocked or reported that one. That are
-- many pairs with little behind each: who was banned lately is found by an index, and a suspicion looks at its own pairs alone.
CREATE INDEX bans_by_begin ON identity.bans (coalesce(begins_at, created_at));

CREATE OR REPLACE VIEW safety.suspected_pairs AS
SELECT DISTINCT s.user_id AS suspected, a.avoider_id AS avoider, s.of_user_id
FROM safety.suspicions s
JOIN safety.avoiders a ON a.user_id = s.of_user_id AND a.avoider_id <> s.user_id
WHERE s.cleared_at IS NULL AND NOT EXISTS (
    SELECT FROM interaction.connections c
    WHERE c.user_a = least(s.user_id, a.avoider_id) AND c.user_b = greatest(s.user_id, a.avoider_id)
        AND c.ended_at IS NULL
);
COMMENT ON VIEW safety.suspected_pairs IS
'Somebody who may be a user that was banned, somebody who has blocked or reported that user, and that user.';

-- Keep these suspects apart from those who avoid this old account, or any (null).
CREATE FUNCTION safety.part(suspects uuid[], old uuid) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    WITH new AS (
        INSERT INTO safety.apart (one, other, suspected)
        SELECT pair.one, pair.other, p.suspected
        FROM safety.suspected_pairs p
        CROSS JOIN LATERAL (VALUES (p.suspected, p.avoider), (p.avoider, p.suspected)) AS pair (one, other)
        WHERE p.suspected = ANY (suspects) AND (old IS NULL OR p.of_user_id = old)
        ON CONFLICT DO NOTHING
        RETURNING one, other, suspected
    )
    -- In the name of who has blocked or reported. The call may also be over and wait for a decision.
    INSERT INTO interaction.pending_blocks (id, blocker_id, blocked_id)
    SELECT gen_random_uuid(), new.one, new.other
    FROM new
    WHERE new.other = new.suspected AND EXISTS (
        SELECT FROM interaction.call_participants own
        JOIN interaction.call_participants peer ON peer.call_id = own.call_id AND peer.user_id = new.one
        JOIN interaction.calls c ON c.id = own.call_id
        WHERE own.user_id = new.other AND (own.active OR (c.decision_deadline IS NOT NULL AND c.closed_at IS NULL))
    );
END
$$;

CREATE OR REPLACE FUNCTION safety.keep_apart(suspects uuid[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM safety.apart a WHERE a.suspected = ANY (suspects) AND NOT EXISTS (
        SELECT FROM safety.suspected_pairs p
        WHERE p.suspected = a.suspected AND p.avoider IN (a.one, a.other)
    );
    PERFORM safety.part(suspects, NULL);
END
$$;

CREATE OR REPLACE FUNCTION safety.apart_by_suspicion() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM identity.users
    WHERE id IN (coalesce(NEW.of_user_id, OLD.of_user_id), coalesce(NEW.user_id, OLD.user_id)) ORDER BY id FOR UPDATE;
    IF TG_OP = 'INSERT' THEN
        PERFORM safety.part(ARRAY[NEW.user_id], NEW.of_user_id);
    ELSE
        PERFORM safety.keep_apart(ARRAY[coalesce(NEW.user_id, OLD.user_id)]);
    END IF;
    RETURN NULL;
END
$$;
