-- Locks on users, for changes that concern the same users.

-- name: lock_users
-- Only one transaction at a time may change what these users share. Locked in the order of ids, so that no two of them
-- wait for each other.
SELECT id, tier FROM identity.users WHERE id = ANY ($1::uuid[]) ORDER BY id FOR NO KEY UPDATE
