-- Appeals against strikes that are lifted. Times are passed as timestamptz.

-- name: grant
-- Whoever has appealed against one of strikes $1 is right, as $2 has found at $3 (null: the operator). A row for each that waited.
UPDATE safety.appeals a SET state = 'granted', decided_by = $2, decided_at = $3
FROM safety.strikes s
WHERE a.strike_id = ANY ($1::uuid[]) AND a.state = 'open' AND s.id = a.strike_id
RETURNING a.id, a.strike_id, s.user_id
