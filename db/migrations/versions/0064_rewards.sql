-- Businesses at whose places rewards are redeemed, and who works there.
CREATE TABLE places.partners (
    id uuid PRIMARY KEY,
    name text NOT NULL CHECK (name <> ''),
    type text,
    partnership_level text NOT NULL CHECK (partnership_level IN ('bronze', 'silver', 'gold', 'platinum')),
    description text,
    contact jsonb NOT NULL DEFAULT '{}',
    active boolean NOT NULL DEFAULT true,
    budget integer CHECK (budget >= 0),
    granted integer NOT NULL DEFAULT 0 CHECK (granted >= 0),
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT within_the_budget_of_the_partner CHECK (granted <= budget)
);
COMMENT ON COLUMN places.partners.budget IS 'How many rewards may be granted that are redeemed there alone; null: any number.';
ALTER TABLE places.locations ADD CONSTRAINT of_a_partner FOREIGN KEY (partner_id) REFERENCES places.partners;
CREATE INDEX places_of_a_partner ON places.locations (partner_id) WHERE partner_id IS NOT NULL;

CREATE TABLE places.partner_staff (
    partner_id uuid NOT NULL REFERENCES places.partners,
    user_id uuid NOT NULL REFERENCES identity.users,
    since timestamptz NOT NULL,
    PRIMARY KEY (partner_id, user_id)
);
CREATE INDEX staff_of_partners ON places.partner_staff (user_id);

CREATE FUNCTION places.is_staff_at(asked uuid, place uuid) RETURNS boolean LANGUAGE sql STABLE BEGIN ATOMIC
    SELECT EXISTS (
        SELECT FROM places.locations l
        JOIN places.partners p ON p.id = l.partner_id AND p.active
        JOIN places.partner_staff s ON s.partner_id = p.id AND s.user_id = asked
        WHERE l.id = place
    );
END;
COMMENT ON FUNCTION places.is_staff_at IS 'Whether a user works at this place: as staff of its partner.';

-- What earns which reward. What the fields mean together is in core/reward_rules.py.
CREATE TABLE places.reward_rules (
    id uuid PRIMARY KEY,
    kind text NOT NULL CHECK (
        kind IN ('check_in', 'streak', 'level', 'milestone', 'first_call', 'kept_connection', 'mentor_session')
    ),
    every integer NOT NULL DEFAULT 1 CHECK (every >= 1),
    at text CHECK (at IN ('coffee', 'gym', 'mentor', 'nutrition', 'partner')),
    reaches integer CHECK (reaches >= 1),
    milestone text,
    type text NOT NULL CHECK (type IN ('coffee', 'gym_pass', 'discount', 'badge')),
    title text NOT NULL CHECK (title <> ''),
    description text,
    partner_id uuid REFERENCES places.partners,
    valid_days integer CHECK (valid_days >= 1),
    active boolean NOT NULL DEFAULT true,
    budget integer CHECK (budget >= 0),
    granted integer NOT NULL DEFAULT 0 CHECK (granted >= 0),
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT within_the_budget_of_the_rule CHECK (granted <= budget)
);
CREATE INDEX rules_in_force ON places.reward_rules (kind) WHERE active;

CREATE TABLE places.rewards (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES identity.users,
    rule_id uuid NOT NULL REFERENCES places.reward_rules,
    occasion text NOT NULL,
    partner_id uuid REFERENCES places.partners,
    type text NOT NULL CHECK (type IN ('coffee', 'gym_pass', 'discount', 'badge')),
    title text NOT NULL,
    description text,
    earned_at timestamptz NOT NULL,
    expires_at timestamptz,
    redeemed_at timestamptz,
    reversed_at timestamptz,
    expired_at timestamptz,
    replaces uuid UNIQUE REFERENCES places.rewards,
    CONSTRAINT reversed_after_it_was_redeemed CHECK (reversed_at IS NULL OR redeemed_at IS NOT NULL),
    CONSTRAINT redeemed_or_expired CHECK (redeemed_at IS NULL OR expired_at IS NULL)
);
COMMENT ON COLUMN places.rewards.occasion IS 'By which one rule grants nothing twice: the how manieth of what is counted; else empty.';
COMMENT ON COLUMN places.rewards.replaces IS 'Whose redemption was reversed: this is the same again, and counts towards no budget.';
COMMENT ON COLUMN places.rewards.expired_at IS 'When it was noted that it has expired; it has since expires_at.';
CREATE UNIQUE INDEX one_reward_an_occasion ON places.rewards (rule_id, user_id, occasion) WHERE replaces IS NULL;
CREATE INDEX wallets ON places.rewards (user_id, id);
CREATE INDEX rewards_that_expire ON places.rewards (expires_at)
    WHERE expires_at IS NOT NULL AND redeemed_at IS NULL AND expired_at IS NULL;
CALL identity.guard_rows('places.rewards', 'user_id = identity.me()');
GRANT USAGE ON SCHEMA places TO app_user;
GRANT SELECT ON places.rewards TO app_user;

-- What became of each reward, in rows that are only ever added. An entry of kind `redeemed` is the redemption.
CREATE TABLE places.reward_ledger (
    id uuid PRIMARY KEY,
    reward_id uuid NOT NULL REFERENCES places.rewards,
    kind text NOT NULL CHECK (kind IN ('granted', 'redeemed', 'reversed', 'expired')),
    at timestamptz NOT NULL,
    partner_id uuid REFERENCES places.partners,
    location_id uuid REFERENCES places.locations,
    by_id uuid REFERENCES identity.users,
    redemption_id uuid UNIQUE REFERENCES places.reward_ledger,
    reason text CHECK (char_length(reason) <= 500),
    CONSTRAINT redeemed_by_somebody_somewhere CHECK ((kind = 'redeemed') = (location_id IS NOT NULL)),
    CONSTRAINT reversed_by_somebody CHECK ((kind IN ('redeemed', 'reversed')) = (by_id IS NOT NULL)),
    CONSTRAINT reversed_is_a_redemption CHECK ((kind = 'reversed') = (redemption_id IS NOT NULL))
);
COMMENT ON COLUMN places.reward_ledger.partner_id IS 'For whose figures it counts: of a redemption, the one of the place.';
-- One redemption a reward, among others.
CREATE UNIQUE INDEX each_once_a_reward ON places.reward_ledger (reward_id, kind);
CREATE INDEX ledger_of_a_partner ON places.reward_ledger (partner_id, at) WHERE partner_id IS NOT NULL;
CREATE INDEX ledger_by_staff ON places.reward_ledger (by_id) WHERE by_id IS NOT NULL;
CREATE TRIGGER only_added_to BEFORE DELETE OR UPDATE OR TRUNCATE ON places.reward_ledger
    FOR EACH STATEMENT EXECUTE FUNCTION identity.refuse_change();

CREATE FUNCTION places.reward_state(reward places.rewards, at timestamptz) RETURNS text LANGUAGE sql STABLE BEGIN ATOMIC
    SELECT CASE
        WHEN reward.reversed_at IS NOT NULL THEN 'reversed'
        WHEN reward.redeemed_at IS NOT NULL THEN 'redeemed'
        WHEN reward.expires_at <= at THEN 'expired'
        ELSE 'open'
    END;
END;
COMMENT ON FUNCTION places.reward_state IS 'What has become of a reward by a time; an expiry is not always noted yet.';

CREATE FUNCTION places.partner_name(asked uuid) RETURNS text LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT p.name FROM places.partners p WHERE p.id = asked;
END;
COMMENT ON FUNCTION places.partner_name IS 'The name of a partner, for whoever has a reward of theirs too.';
