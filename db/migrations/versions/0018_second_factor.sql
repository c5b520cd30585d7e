-- The second factor of an account: one-time codes (TOTP, RFC 6238), and which sessions were opened with one.

CREATE TABLE identity.totp (
    user_id uuid PRIMARY KEY REFERENCES identity.users,
    secret bytea NOT NULL,  -- sealed
    key_id text NOT NULL,
    asked_at timestamptz NOT NULL,
    on_since timestamptz,
    used_step bigint NOT NULL DEFAULT 0
);
COMMENT ON TABLE identity.totp IS
'Without `on_since` the secret was given to its user, who has not shown a code of it yet. `used_step` is the time step of
the latest code that was accepted: neither it nor an earlier one is accepted again.';

ALTER TABLE identity.sessions ADD COLUMN second_factor boolean NOT NULL DEFAULT false;
