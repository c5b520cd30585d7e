-- Locks on users, for changes that concern the same users.

-- name: lock_users
-- Only one transaction at a time may change what these users share. Locked in the order of ids, so that no two of them
-- wait for each other.
SELECT id, tier FROM identity.users WHERE id = ANY ($1::uuid[]) ORDER BY id FOR NO KEY UPDATE

-- own: lock_me
-- The same for user $1 alone, before they change what is their own.
SELECT FROM identity.users WHERE id = $1 FOR NO KEY UPDATE
