-- The audit log: who did what to whom. Times are passed as timestamptz.

-- name: write
-- Entry $1 of $2: user $3 (null: the system) did $4 to user $5 (null: to nobody), with these details.
INSERT INTO identity.audit_log (id, at, actor_id, action, subject_id, details) VALUES ($1, $2, $3, $4, $5, $6)

-- name: page
-- Entries, newest first, before entry $1 (null: from the newest).
SELECT id, at, actor_id, action, subject_id, details FROM identity.audit_log
WHERE id < coalesce($1::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
ORDER BY id DESC
LIMIT $2

-- name: page_of_user
-- Entries by or about user $3, newest first, before entry $1 (null: from the newest). Each half reads its own index.
SELECT * FROM (
    (
        SELECT id, at, actor_id, action, subject_id, details FROM identity.audit_log
        WHERE actor_id = $3 AND id < coalesce($1::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
        ORDER BY id DESC
        LIMIT $2
    )
    UNION
    (
        SELECT id, at, actor_id, action, subject_id, details FROM identity.audit_log
        WHERE subject_id = $3 AND id < coalesce($1::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
        ORDER BY id DESC
        LIMIT $2
    )
) AS entries
ORDER BY id DESC
LIMIT $2
