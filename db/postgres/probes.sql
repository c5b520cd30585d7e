-- Probes: the synthetic users.

-- name: known
-- Which of usernames $1 are taken, and whether by a probe.
SELECT lower(username) AS name, probe FROM identity.users WHERE lower(username) = ANY ($1::text[])

-- name: flag
-- User $1, who was opened in this transaction, is a probe.
UPDATE identity.users SET probe = true WHERE id = $1
