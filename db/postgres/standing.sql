-- How users stand. Times are passed as timestamptz.

-- name: ban
-- Until when user $1 is banned at $2 (null: for good). No row: not at all.
SELECT CASE WHEN every(until IS NOT NULL) THEN max(until) END AS until FROM identity.bans
WHERE user_id = $1 AND during @> $2::timestamptz
HAVING count(*) > 0

-- name: strikes
-- The latest $2 strikes of user $1, newest first, with their appeals. One that was lifted is shown where an appeal has done so.
SELECT s.id, s.action, s.reason, s.at, s.until, a.state, a.text, a.id AS appeal_id
FROM safety.strikes s LEFT JOIN safety.appeals a ON a.strike_id = s.id
WHERE s.user_id = $1 AND (s.lifted_at IS NULL OR a.state = 'granted')
ORDER BY s.id DESC
LIMIT $2
