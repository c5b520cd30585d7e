-- Users, for moderators. Times are passed as timestamptz.

-- name: all
-- The newest $2 users before user $1. Probes are found by their names alone.
SELECT id FROM identity.users WHERE id < $1 AND NOT probe ORDER BY id DESC LIMIT $2

-- name: found
-- The same of those whose username, address or display name begins with $3, or whose address has one of hashes $4. Bounds, as no plan knows what a pattern begins with.
SELECT id FROM (
    SELECT id FROM identity.users
    WHERE lower(username) ~>=~ lower($3) AND lower(username) ~<~ (lower($3) || chr(1114111)) AND id < $1
    UNION
    SELECT id FROM identity.users
    WHERE lower(email) ~>=~ lower($3) AND lower(email) ~<~ (lower($3) || chr(1114111)) AND id < $1
    UNION
    SELECT id FROM identity.users WHERE email_hash = ANY ($4::bytea[]) AND id < $1
    UNION
    SELECT user_id FROM identity.profiles
    WHERE lower(display_name) ~>=~ lower($3) AND lower(display_name) ~<~ (lower($3) || chr(1114111)) AND user_id < $1
) found
ORDER BY id DESC LIMIT $2

-- name: items
-- Users $1, newest first, as they are at $2.
SELECT u.id, u.email, u.username, coalesce(p.display_name, '') AS display_name, u.role, u.created_at, u.deleted_at,
    EXISTS (SELECT FROM identity.under_ban($2) b WHERE b.user_id = u.id) AS banned
FROM identity.users u LEFT JOIN identity.profiles p ON p.user_id = u.id
WHERE u.id = ANY ($1::uuid[])
ORDER BY u.id DESC

-- name: account
-- User $1.
SELECT u.id, u.email, u.username, u.role, u.created_at, u.deleted_at, p.display_name, p.birth_date, p.gender,
    a.last_login, a.last_active
FROM identity.users u JOIN identity.profiles p ON p.user_id = u.id LEFT JOIN identity.activity a ON a.user_id = u.id
WHERE u.id = $1

-- name: reports
-- Reports by user $1 and about them that moderator $3 may see, as in `cases.sql`, or they would find out who has reported
-- them: how many, of how many people, and their latest $2 cases.
WITH mine AS (SELECT id, role FROM identity.users WHERE id = $3),
filed AS (
    SELECT r.reported_id, r.case_id FROM interaction.reports r
    JOIN identity.users u ON u.id = r.reported_id
    JOIN mine ON mine.id <> u.id AND (u.role <> 'admin' OR mine.role = 'admin')
    WHERE r.reporter_id = $1
), heard AS (
    SELECT r.reporter_id, r.case_id FROM interaction.reports r
    JOIN identity.users u ON u.id = r.reported_id
    JOIN mine ON mine.id <> u.id AND (u.role <> 'admin' OR mine.role = 'admin')
    WHERE r.reported_id = $1
)
SELECT
    (SELECT count(*) FROM filed) AS by_count,
    (SELECT count(DISTINCT reported_id) FROM filed) AS by_people,
    ARRAY(
        SELECT case_id FROM filed WHERE case_id IS NOT NULL GROUP BY case_id ORDER BY case_id DESC LIMIT $2
    ) AS by_ids,
    (SELECT count(*) FROM heard) AS about_count,
    (SELECT count(DISTINCT reporter_id) FROM heard) AS about_people,
    ARRAY(
        SELECT case_id FROM heard WHERE case_id IS NOT NULL GROUP BY case_id ORDER BY case_id DESC LIMIT $2
    ) AS about_ids

-- name: unsettled
-- Suspensions of user $1 that moderators have decided until it is settled how old they are.
SELECT id FROM safety.strikes
WHERE user_id = $1 AND action = 'suspend' AND reason = 'underage' AND until IS NULL AND by IS NOT NULL AND lifted_at IS NULL

-- name: correct
-- Set birth date $2 and gender $3 of user $1 (null: as it is) at $4. Which of them has changed. No row: none has.
WITH known AS (SELECT birth_date, gender FROM identity.profiles WHERE user_id = $1 FOR UPDATE)
UPDATE identity.profiles p SET birth_date = coalesce($2, p.birth_date), gender = coalesce($3, p.gender),
    version = version + 1, updated_at = greatest(updated_at, $4)
FROM known
WHERE p.user_id = $1 AND (known.birth_date <> $2 OR known.gender <> $3)
RETURNING coalesce(known.birth_date <> $2, false) AS birth_date, coalesce(known.gender <> $3, false) AS gender
