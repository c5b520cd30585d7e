-- Appeals against strikes. Times are passed as timestamptz.

-- name: strike
-- Whether strike $1 of user $2 was lifted; nobody lifts it until the transaction ends. No row: it is not theirs.
SELECT lifted_at IS NOT NULL AS lifted FROM safety.strikes WHERE id = $1 AND user_id = $2 FOR SHARE

-- name: file
-- Appeal $1 against strike $2, in these words, at $4.
INSERT INTO safety.appeals (id, strike_id, text, at) VALUES ($1, $2, $3, $4)

-- name: appeals
-- These appeals, with their strikes.
SELECT a.id, s.user_id, p.display_name, a.text, a.at, a.state, a.decided_by, a.decided_at, a.note,
    s.id AS strike_id, s.action, s.reason, s.at AS struck_at, s.until, s.by, s.case_id
FROM safety.appeals a
JOIN safety.strikes s ON s.id = a.strike_id
JOIN identity.profiles p ON p.user_id = s.user_id
WHERE a.id = ANY ($1::uuid[])

-- name: page
-- At most $3 appeals after appeal $2 of rank $1: those to decide (0), then those that are decided (1), each oldest first.
(
    SELECT 0 AS rank, a.id FROM safety.appeals a
    JOIN safety.strikes s ON s.id = a.strike_id AND s.lifted_at IS NULL
    WHERE $1::int = 0 AND a.state = 'open' AND a.id > $2
    ORDER BY a.id LIMIT $3
)
UNION ALL
(
    SELECT 1, a.id FROM safety.appeals a
    WHERE a.state <> 'open' AND a.id > CASE $1::int WHEN 0 THEN '00000000-0000-0000-0000-000000000000' ELSE $2::uuid END
    ORDER BY a.id LIMIT $3
)
ORDER BY rank, id
LIMIT $3

-- name: facts
-- What decides who may decide appeal $1 at $3: whose it is, who struck, whether that is staff above user $2, and whether
-- there is staff other than user $2 and the one who appeals.
SELECT s.user_id, s.by, theirs.role = 'admin' AND me.role <> 'admin' AS above, EXISTS (
    SELECT FROM identity.users u
    WHERE u.role IN ('moderator', 'admin') AND u.id <> $2 AND u.id <> s.user_id AND u.deleted_at IS NULL
        AND NOT EXISTS (SELECT FROM identity.banned($3) b WHERE b.user_id = u.id)
) AS others
FROM safety.appeals a
JOIN safety.strikes s ON s.id = a.strike_id
JOIN identity.users theirs ON theirs.id = s.user_id
JOIN identity.users me ON me.id = $2
WHERE a.id = $1

-- name: whose
-- Who has filed appeal $1.
SELECT s.user_id FROM safety.appeals a JOIN safety.strikes s ON s.id = a.strike_id WHERE a.id = $1

-- name: lock
-- The strike of appeal $1, which nobody else decides or lifts until the transaction ends, and whether it was lifted.
SELECT s.id, s.lifted_at IS NOT NULL AS lifted FROM safety.strikes s
WHERE s.id = (SELECT strike_id FROM safety.appeals WHERE id = $1)
FOR UPDATE

-- name: decide
-- Appeal $1 is $2, by $3 at $4, with this note. No row: it was decided before.
UPDATE safety.appeals SET state = $2, decided_by = $3, decided_at = $4, note = $5 WHERE id = $1 AND state = 'open'
RETURNING id
