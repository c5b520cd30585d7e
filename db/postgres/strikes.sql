-- Strikes: what was decided against somebody. Times are passed as timestamptz.

-- name: strike
-- Strike $1 against user $2, by $3 (null: the system or the operator) for case $4 (null: none): $5 for reason $6, at $7, until
-- $8 (null: for good).
INSERT INTO safety.strikes (id, user_id, by, case_id, action, reason, at, until) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)

-- name: banned
-- Strike $1 has ban $2.
UPDATE safety.strikes SET ban_id = $2 WHERE id = $1

-- name: lift
-- Lift strike $1 at $2. Gives its ban (null: it has none). No row: it is lifted already, or there is none.
UPDATE safety.strikes SET lifted_at = $2 WHERE id = $1 AND lifted_at IS NULL RETURNING ban_id
