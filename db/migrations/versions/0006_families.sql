-- A refresh token whose answer was lost may be shown again: it gives another successor, and the last one is void.

-- `parent` is the token that it was given for, null for the first of a family. `again`: how often it was shown after
-- its first use. `served_at`: when it, or the access token that was given with it, first served anything.
ALTER TABLE identity.refresh_tokens
    ADD COLUMN parent bytea,
    ADD COLUMN again smallint NOT NULL DEFAULT 0 CHECK (again BETWEEN 0 AND 3),
    ADD COLUMN served_at timestamptz,
    ADD COLUMN void_at timestamptz,
    ADD CONSTRAINT void_ones_never_served CHECK (void_at IS NULL OR (used_at IS NULL AND served_at IS NULL));
DROP INDEX identity.one_fresh_token_a_session;
CREATE UNIQUE INDEX one_fresh_token_a_session ON identity.refresh_tokens (session_id)
    WHERE used_at IS NULL AND void_at IS NULL;
CREATE UNIQUE INDEX one_successor_a_token ON identity.refresh_tokens (parent) WHERE void_at IS NULL;
