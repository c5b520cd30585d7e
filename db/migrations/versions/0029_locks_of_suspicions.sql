-- Users are locked as by everybody else who decides about them, and no harder: what refers to one of them (a pending block) waits
-- for nobody then, and cannot be waited for in turn. A suspicion of somebody whose ban was lifted meanwhile is none.
CREATE OR REPLACE FUNCTION safety.apart_by_suspicion() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM identity.users
    WHERE id IN (coalesce(NEW.of_user_id, OLD.of_user_id), coalesce(NEW.user_id, OLD.user_id))
    ORDER BY id FOR NO KEY UPDATE;
    IF TG_OP = 'INSERT' THEN
        IF NOT EXISTS (SELECT FROM identity.bans b WHERE b.user_id = NEW.of_user_id AND b.lifted_at IS NULL) THEN
            DELETE FROM safety.suspicions WHERE user_id = NEW.user_id AND of_user_id = NEW.of_user_id;
            RETURN NULL;
        END IF;
        PERFORM safety.part(ARRAY[NEW.user_id], NEW.of_user_id);
    ELSE
        PERFORM safety.keep_apart(ARRAY[coalesce(NEW.user_id, OLD.user_id)]);
    END IF;
    RETURN NULL;
END
$$;
