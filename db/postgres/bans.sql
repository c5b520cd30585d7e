-- Bans, and whether each has taken effect on live connections. Times are passed as timestamptz.

-- name: ban
-- Ban $1 of user $2 for reason $3, by $4 (null: the operator), at $5, from $6 (null: at once) until $7 (null: for good), of
-- strike $8 (null: of none).
INSERT INTO identity.bans (id, user_id, reason, created_by, created_at, begins_at, until, strike_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)

-- name: whose
-- Whom ban $1 is of.
SELECT user_id FROM identity.bans WHERE id = $1

-- name: lock_strikes
-- The strikes of ban $1, or of all bans of user $2: a strike is locked before its ban, as where it is the strike that is lifted.
SELECT FROM safety.strikes
WHERE id IN (SELECT strike_id FROM identity.bans WHERE id = $1 OR user_id = $2)
ORDER BY id FOR UPDATE

-- name: lift
-- Lift ban $1, or all bans of user $2, at $3 with their strikes, also those that have not begun. A row for each that was neither
-- over nor lifted already.
WITH ban AS (
    UPDATE identity.bans SET lifted_at = $3
    WHERE (id = $1 OR user_id = $2) AND lifted_at IS NULL AND (until IS NULL OR until > $3)
    RETURNING id, strike_id
), strike AS (
    UPDATE safety.strikes s SET lifted_at = $3 FROM ban WHERE s.id = ban.strike_id AND s.lifted_at IS NULL
)
SELECT id, strike_id FROM ban

-- name: due
-- At most $3 bans that hold at $1, have not taken effect and are taken by no node. Each is taken until $2.
UPDATE identity.bans SET taken_until = $2
WHERE id IN (
    SELECT id FROM identity.bans
    WHERE enforced_at IS NULL AND lifted_at IS NULL AND taken_until <= $1 AND during @> $1::timestamptz
    ORDER BY taken_until LIMIT $3 FOR UPDATE SKIP LOCKED
)
RETURNING id, user_id

-- name: enforced
-- Ban $1 had taken effect everywhere at $2.
UPDATE identity.bans SET enforced_at = $2 WHERE id = $1
