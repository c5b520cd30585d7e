-- Reports of more than calls, gathered in cases. What moderators decide leaves strikes, which can be appealed.

CREATE SCHEMA safety;

-- All reports about one user since the last decision. A claim lapses: who asks for the state compares `claimed_until`.
CREATE TABLE safety.cases (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES identity.users,
    severity int NOT NULL CHECK (severity >= 0),
    state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'claimed', 'decided')),
    opened_at timestamptz NOT NULL,
    claimed_by uuid REFERENCES identity.users,
    claimed_until timestamptz,
    decided_by uuid REFERENCES identity.users,
    decided_at timestamptz,
    action text CHECK (action IN ('dismiss', 'warn', 'suspend', 'ban')),
    days int CHECK (days > 0),
    note text CHECK (char_length(note) <= 2000),
    undone_by uuid REFERENCES identity.users,
    undone_at timestamptz,
    CONSTRAINT claimed_by_somebody CHECK (state <> 'claimed' OR (claimed_by IS NOT NULL AND claimed_until IS NOT NULL)),
    CONSTRAINT decided_by_somebody CHECK (
        (state = 'decided') = (decided_by IS NOT NULL)
        AND (decided_by IS NULL) = (decided_at IS NULL)
        AND (decided_by IS NULL) = (action IS NULL)
    ),
    CONSTRAINT days_of_a_suspension CHECK (days IS NULL OR action = 'suspend'),
    CONSTRAINT undone_by_somebody CHECK ((undone_by IS NULL) = (undone_at IS NULL))
);
CREATE UNIQUE INDEX one_undecided_case_a_user ON safety.cases (user_id) WHERE state <> 'decided';
CREATE INDEX cases_to_decide ON safety.cases (severity DESC, id) WHERE state <> 'decided';
CREATE INDEX cases_decided ON safety.cases (severity DESC, id) WHERE state = 'decided';
CREATE INDEX cases_of_a_user ON safety.cases (user_id, id);

-- Which reports of a case somebody has looked at: a decision is about no others.
CREATE TABLE safety.looks (
    case_id uuid NOT NULL REFERENCES safety.cases,
    user_id uuid NOT NULL REFERENCES identity.users,
    reports uuid[] NOT NULL,
    PRIMARY KEY (case_id, user_id)
);

-- What was decided against somebody. `by` null: the system, when it is of a case, or the operator.
CREATE TABLE safety.strikes (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES identity.users,
    case_id uuid REFERENCES safety.cases,
    action text NOT NULL CHECK (action IN ('warn', 'suspend', 'ban')),
    reason text NOT NULL CHECK (char_length(reason) BETWEEN 1 AND 2000),
    at timestamptz NOT NULL,
    until timestamptz,
    by uuid REFERENCES identity.users,
    ban_id uuid REFERENCES identity.bans,
    lifted_at timestamptz
);
CREATE INDEX strikes_of_a_user ON safety.strikes (user_id, id);
CREATE INDEX strikes_of_a_case ON safety.strikes (case_id) WHERE case_id IS NOT NULL;

ALTER TABLE identity.bans ADD COLUMN strike_id uuid REFERENCES safety.strikes;

CREATE TABLE safety.appeals (
    id uuid PRIMARY KEY,
    strike_id uuid NOT NULL CONSTRAINT one_appeal_a_strike UNIQUE REFERENCES safety.strikes,
    text text NOT NULL CHECK (char_length(text) BETWEEN 1 AND 4000),
    at timestamptz NOT NULL,
    state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'granted', 'refused')),
    decided_by uuid REFERENCES identity.users,
    decided_at timestamptz,
    note text CHECK (char_length(note) <= 2000),
    CONSTRAINT decided_at_some_time CHECK ((state = 'open') = (decided_at IS NULL))
);
CREATE INDEX appeals_to_decide ON safety.appeals (id) WHERE state = 'open';

-- Highest first in the queue. Words of which the vocabulary knows nothing any more come last.
CREATE FUNCTION safety.severity(reason text) RETURNS int LANGUAGE sql IMMUTABLE BEGIN ATOMIC
    SELECT CASE reason
        WHEN 'underage' THEN 100
        WHEN 'violence' THEN 80
        WHEN 'self_harm' THEN 80
        WHEN 'nudity' THEN 60
        WHEN 'hate' THEN 60
        WHEN 'harassment' THEN 60
        WHEN 'impersonation' THEN 40
        WHEN 'scam' THEN 40
        WHEN 'spam' THEN 20
        WHEN 'other' THEN 10
        ELSE 0
    END;
END;

-- A subject has no foreign key, as each type has a table of its own. `evidence` is encrypted with the key of that id.
-- `call_id`: of what is reported, if it is a call.
ALTER TABLE interaction.reports
    ADD COLUMN subject_type text NOT NULL DEFAULT 'call'
        CHECK (subject_type IN ('call', 'user', 'message', 'post', 'comment', 'review', 'group')),
    ADD COLUMN subject_id uuid,
    ADD COLUMN evidence bytea,
    ADD COLUMN evidence_key_id text,
    ADD COLUMN evidence_media_id uuid,
    ADD COLUMN case_id uuid REFERENCES safety.cases,
    ADD CONSTRAINT evidence_has_a_key CHECK ((evidence IS NULL) = (evidence_key_id IS NULL));
UPDATE interaction.reports SET subject_id = call_id;

INSERT INTO safety.cases (id, user_id, severity, opened_at)
SELECT (array_agg(id ORDER BY id))[1], reported_id, max(safety.severity(reason)), min(created_at)
FROM interaction.reports WHERE status IN ('open', 'reviewing') GROUP BY reported_id;
UPDATE interaction.reports r SET case_id = c.id
FROM safety.cases c WHERE c.user_id = r.reported_id AND r.status IN ('open', 'reviewing');

CREATE INDEX reports_of_a_case ON interaction.reports (case_id, id);
CREATE INDEX reports_by_a_user ON interaction.reports (reporter_id, id);
CREATE INDEX reports_with_evidence ON interaction.reports (id) WHERE evidence IS NOT NULL;
-- What somebody has said or done once is reported once; a user may be reported again after a decision.
CREATE UNIQUE INDEX one_report_a_subject_and_reporter ON interaction.reports (reporter_id, subject_type, subject_id)
    WHERE subject_type <> 'user';

-- Every report is in a case, whoever files it: a node of the version before, too, whose reports name no subject.
-- A case that is being decided is waited for; then the report opens the next one.
CREATE FUNCTION safety.gather() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE gathered uuid;
BEGIN
    INSERT INTO safety.cases AS c (id, user_id, severity, opened_at)
    VALUES (NEW.id, NEW.reported_id, safety.severity(NEW.reason), NEW.created_at)
    ON CONFLICT (user_id) WHERE state <> 'decided' DO UPDATE SET severity = greatest(c.severity, excluded.severity)
    RETURNING c.id INTO gathered;
    UPDATE interaction.reports SET case_id = gathered, subject_id = coalesce(subject_id, call_id) WHERE id = NEW.id;
    RETURN NULL;
END
$$;
CREATE TRIGGER gathered AFTER INSERT ON interaction.reports
    FOR EACH ROW WHEN (NEW.case_id IS NULL) EXECUTE FUNCTION safety.gather();

-- Reports filed where no calls are kept, of a call that goes on or waits for a decision: some node ends it and, if
-- asked, blocks.
CREATE TABLE interaction.pending_reports (
    report_id uuid PRIMARY KEY REFERENCES interaction.reports,
    block boolean NOT NULL,
    taken_until timestamptz NOT NULL DEFAULT '-infinity'
);
CREATE INDEX pending_reports_to_take ON interaction.pending_reports (taken_until);
