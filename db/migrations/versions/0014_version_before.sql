-- While nodes are replaced, those of the version before go on with what 0010 and 0013 have taken from them. A later
-- version, whose nodes never run beside theirs, drops it.

CREATE VIEW interaction.partings AS
SELECT id, blocker_id, blocked_id, connection_id, taken_until FROM interaction.pending_blocks;
COMMENT ON VIEW interaction.partings IS 'Pending blocks, for nodes of the version before.';

-- The two forms of keys cannot be one table, so the new one makes room.
ALTER TABLE identity.idempotency_keys RENAME TO idempotent_requests;
ALTER INDEX identity.idempotency_keys_by_age RENAME TO idempotent_requests_by_age;

-- Which constraints have names depends on the version of PostgreSQL.
DO $$
DECLARE old text;
BEGIN
    FOR old IN SELECT conname FROM pg_constraint
        WHERE conrelid = 'identity.idempotent_requests'::regclass AND conname LIKE 'idempotency\_keys%'
    LOOP
        EXECUTE format(
            'ALTER TABLE identity.idempotent_requests RENAME CONSTRAINT %I TO %I',
            old, replace(old, 'idempotency_keys', 'idempotent_requests')
        );
    END LOOP;
END $$;

CREATE TABLE identity.idempotency_keys (
    endpoint text NOT NULL,
    key text NOT NULL CHECK (char_length(key) BETWEEN 1 AND 200),
    fingerprint bytea NOT NULL CHECK (octet_length(fingerprint) = 32),
    user_id uuid NOT NULL REFERENCES identity.users DEFERRABLE INITIALLY DEFERRED,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (endpoint, key)
);
COMMENT ON TABLE identity.idempotency_keys IS 'Keys of requests to nodes of the version before.';
