-- Bans that staff or the operator give and lift. Times are passed as timestamptz.

-- name: page
-- At most $2 bans before ban $1 (null: from the newest).
SELECT id FROM identity.bans WHERE id < coalesce($1::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
ORDER BY id DESC LIMIT $2

-- name: page_of_user
-- The same of user $3.
SELECT id FROM identity.bans
WHERE id < coalesce($1::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff') AND user_id = $3
ORDER BY id DESC LIMIT $2

-- name: bans
-- Bans $1, newest first, as they are at $2.
SELECT b.id, b.user_id, coalesce(p.display_name, '') AS display_name, b.reason, b.created_by, b.created_at,
    b.begins_at, b.until, b.lifted_at, b.strike_id, b.during @> $2::timestamptz AS active
FROM identity.bans b LEFT JOIN identity.profiles p ON p.user_id = b.user_id
WHERE b.id = ANY ($1::uuid[])
ORDER BY b.id DESC

-- name: whose
-- Whom ban $1 is of.
SELECT user_id FROM identity.bans WHERE id = $1

-- name: roles
-- The role of each of these users.
SELECT id, role FROM identity.users WHERE id = ANY ($1::uuid[])
