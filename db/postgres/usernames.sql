-- Usernames that are changed. The former one is reserved for a while: a trigger keeps others from it (0037_found.sql).

-- name: reserved
-- Of the names that are reserved for user $1 at $2, and that were so were they called $3: how many, and when the first is free again.
SELECT count(*) AS number, min(f.until) AS until FROM identity.former_usernames f
WHERE f.user_id = $1 AND f.until > $2 AND f.username <> lower($3)
    AND lower($3) <> (SELECT lower(u.username) FROM identity.users u WHERE u.id = $1)

-- name: rename
-- User $1 is called $2 from $3 on; what they were called before is reserved until $4, and what they are called now is not.
WITH taken_back AS (
    DELETE FROM identity.former_usernames WHERE user_id = $1 AND username = lower($2)
), given_up AS (
    INSERT INTO identity.former_usernames (username, user_id, until)
    SELECT lower(u.username), u.id, $4 FROM identity.users u WHERE u.id = $1 AND lower(u.username) <> lower($2)
    ON CONFLICT (username) DO UPDATE SET user_id = excluded.user_id, until = excluded.until
)
UPDATE identity.users SET username = $2, updated_at = greatest(updated_at, $3) WHERE id = $1

-- name: forget
-- Drop up to $2 reservations that were over before $1.
DELETE FROM identity.former_usernames WHERE username IN (
    SELECT username FROM identity.former_usernames WHERE until < $1 ORDER BY until LIMIT $2 FOR UPDATE SKIP LOCKED
)
RETURNING 1
