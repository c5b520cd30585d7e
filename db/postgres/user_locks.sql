-- Taking turns at what concerns the same users.

-- name: lock_users
-- One at a time may change whom these users meet. Locked in the order of their ids: two such locks cannot cross.
SELECT id, tier FROM identity.users WHERE id = ANY ($1::uuid[]) ORDER BY id FOR NO KEY UPDATE
