-- What users have agreed to, and since when. Each change is a row of its own: the latest of a kind counts.

CREATE TABLE identity.consents (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES identity.users,
    kind text NOT NULL CHECK (kind IN ('terms', 'privacy', 'analytics', 'assistant')),
    version text NOT NULL CHECK (char_length(version) BETWEEN 1 AND 32),
    given boolean NOT NULL,
    at timestamptz NOT NULL
);
CREATE INDEX consents_of_a_user ON identity.consents (user_id, kind, number DESC);
CREATE TRIGGER never_changed BEFORE UPDATE ON identity.consents
FOR EACH STATEMENT EXECUTE FUNCTION identity.refuse_change();
