-- How people treat each other: who let a call come to nothing, how far somebody is trusted, and the audit log.

-- When the call came to nothing through this one's fault; null: it did not. Cool-downs are reckoned from it.
ALTER TABLE interaction.call_participants ADD COLUMN fault_at timestamptz;
CREATE INDEX faults_of_a_user ON interaction.call_participants (user_id, fault_at) WHERE fault_at IS NOT NULL;

-- `verified_at` is for the verification of an address or a number to set; `judged_at`: when a review last took this
-- one up, which those need whose tier is not the one that everybody begins with.
ALTER TABLE identity.users
    ADD COLUMN tier text NOT NULL DEFAULT 'neutral' CHECK (tier IN ('trusted', 'neutral', 'suspect')),
    ADD COLUMN verified_at timestamptz,
    ADD COLUMN judged_at timestamptz NOT NULL DEFAULT '-infinity';
CREATE INDEX users_to_review ON identity.users (judged_at) WHERE tier <> 'neutral';

-- Who did what to whom. Only ever added to.
CREATE TABLE identity.audit_log (
    id uuid PRIMARY KEY,
    at timestamptz NOT NULL,
    -- Null: the system itself.
    actor_id uuid REFERENCES identity.users,
    action text NOT NULL CHECK (action ~ '^[a-z_]{1,64}$'),
    subject_id uuid REFERENCES identity.users,
    details jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(details) = 'object')
);
CREATE INDEX audit_by_actor ON identity.audit_log (actor_id, id) WHERE actor_id IS NOT NULL;
CREATE INDEX audit_by_subject ON identity.audit_log (subject_id, id) WHERE subject_id IS NOT NULL;

CREATE FUNCTION identity.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of % is refused: it is only ever added to', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER only_added_to BEFORE UPDATE OR DELETE OR TRUNCATE ON identity.audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION identity.refuse_change();
