-- What was sent to a phone or a mailbox and shows whose it is. Neither the code nor where it was sent can be read here.

CREATE TABLE identity.one_time_codes (
    id uuid PRIMARY KEY,
    purpose text NOT NULL CHECK (purpose IN ('phone', 'email', 'password')),
    subject bytea NOT NULL CHECK (octet_length(subject) = 32),
    hash bytea NOT NULL CHECK (octet_length(hash) = 32),
    user_id uuid REFERENCES identity.users,
    carried bytea,  -- sealed
    key_id text,
    issued_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    wrong integer NOT NULL DEFAULT 0 CHECK (wrong >= 0),
    used_at timestamptz,
    CONSTRAINT one_code_a_subject UNIQUE (purpose, subject),
    CONSTRAINT sealed_with_a_key CHECK ((carried IS NULL) = (key_id IS NULL))
);
CREATE INDEX one_time_codes_by_hash ON identity.one_time_codes (hash);
CREATE INDEX one_time_codes_by_age ON identity.one_time_codes (expires_at);
CREATE INDEX one_time_codes_of_a_user ON identity.one_time_codes (user_id) WHERE user_id IS NOT NULL;
COMMENT ON TABLE identity.one_time_codes IS
'`subject` is a keyed hash of whom the code is for, `hash` one of the code. A new code takes the place of the one before.
`wrong`: how often a wrong one was shown instead of it.';
