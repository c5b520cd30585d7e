-- A suspicion that arises while two are in a call parts them: a pending block, without a block, ends the call.

CREATE OR REPLACE FUNCTION safety.keep_apart(suspects uuid[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM safety.apart a WHERE a.suspected = ANY (suspects) AND NOT EXISTS (
        SELECT FROM safety.suspected_pairs p
        WHERE p.suspected = a.suspected AND p.avoider IN (a.one, a.other)
    );
    WITH new AS (
        INSERT INTO safety.apart (one, other, suspected)
        SELECT pair.one, pair.other, p.suspected
        FROM safety.suspected_pairs p
        CROSS JOIN LATERAL (VALUES (p.suspected, p.avoider), (p.avoider, p.suspected)) AS pair (one, other)
        WHERE p.suspected = ANY (suspects)
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

-- The suspect is locked as well, as by offers: one that is being made is on record before the look for calls, or sees that the
-- two are apart.
CREATE OR REPLACE FUNCTION safety.apart_by_suspicion() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM identity.users
    WHERE id IN (coalesce(NEW.of_user_id, OLD.of_user_id), coalesce(NEW.user_id, OLD.user_id)) ORDER BY id FOR UPDATE;
    PERFORM safety.keep_apart(ARRAY[coalesce(NEW.user_id, OLD.user_id)]);
    RETURN NULL;
END
$$;
