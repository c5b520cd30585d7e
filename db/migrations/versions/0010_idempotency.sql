-- Keys of all requests in one form, each with the answer. Keys of before count for a day at most and cannot be read in
-- the new form: they go.
DROP TABLE identity.idempotency_keys;

-- `owner` is an account's id, or of a request without one a digest of its body, so it refers to nothing. `answer` is null
-- within the transaction that acts, and never after it. Found by operation and key too, whoever owns them.
CREATE TABLE identity.idempotency_keys (
    owner text NOT NULL,
    operation text NOT NULL,
    key text NOT NULL CHECK (char_length(key) BETWEEN 1 AND 200),
    digest bytea NOT NULL CHECK (octet_length(digest) = 32),
    answer jsonb,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (operation, key, owner)
);
CREATE INDEX idempotency_keys_by_age ON identity.idempotency_keys (created_at);
