-- Keys of requests, what each was used for, and the answer. Times are passed as timestamptz.

-- name: claim
-- Claim key $3 of owner $1 for operation $2, for a request of digest $4, at $5. Returns the digest that the key stands
-- for, and the answer; null: there is none yet, and other copies wait until this transaction is over. The update changes
-- nothing: it waits for a copy that is acting and reads what that one leaves.
INSERT INTO identity.idempotent_requests AS k (owner, operation, key, digest, created_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (operation, key, owner) DO UPDATE SET digest = k.digest
RETURNING digest, answer

-- name: claim_with
-- The same as `claim`, for whoever knows the answer before, $6, which no other request has: it is there from the beginning. Returns also
-- whether this is the `first` copy, which acts; if it cannot, its transaction must not be kept.
INSERT INTO identity.idempotent_requests AS k (owner, operation, key, digest, created_at, answer) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (operation, key, owner) DO UPDATE SET digest = k.digest
RETURNING digest, answer, answer = $6 AS first

-- name: keep
-- The claimed key $3 of owner $1 for operation $2 has answer $4.
UPDATE identity.idempotent_requests SET answer = $4 WHERE (operation, key, owner) = ($2, $3, $1)

-- name: kept
-- What key $3 of owner $1 was used for in operation $2, and the answer. No row: for nothing.
SELECT digest, answer FROM identity.idempotent_requests WHERE (operation, key, owner) = ($2, $3, $1)
