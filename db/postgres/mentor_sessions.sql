-- Sessions with mentors. Times are passed as timestamptz. Whoever books or changes one has locked both users.

-- name: columns
-- What is known of session `s`.
s.id, s.mentor_id, s.mentor_user_id, s.user_id, s.starts_at, s.ends_at, s.type, s.location_id, s.status, s.created_at

-- name: mentor
-- Mentor $3 as user $1 may book them at $2: no row for one whom they do not see, or who is not verified.
SELECT m.user_id, m.available, m.schedule_type, m.schedule, m.session_m, m.location_id
FROM places.mentors m
JOIN identity.visible_to($1, $2) seen ON seen.user_id = m.user_id
WHERE m.id = $3 AND m.verified

-- name: ahead
-- How many sessions user $1 has booked that begin after $2.
SELECT count(*) FROM places.mentor_sessions s WHERE s.user_id = $1 AND s.status = 'scheduled' AND s.starts_at > $2

-- name: book
-- Session $1 of mentor $2, who is user $3, by user $4, from $5 to $6, of type $7, at place $8, booked at $9.
INSERT INTO places.mentor_sessions (
    id, mentor_id, mentor_user_id, user_id, starts_at, ends_at, type, location_id, created_at
)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)

-- name: parties
-- The two of session $1, if $2 is one of them.
SELECT s.user_id, s.mentor_user_id FROM places.mentor_sessions s WHERE s.id = $1 AND $2 IN (s.user_id, s.mentor_user_id)

-- name: session
-- Session $1.
SELECT :columns FROM places.mentor_sessions s WHERE s.id = $1

-- name: time
-- What mentor $1 offers.
SELECT m.available, m.schedule_type, m.schedule, m.session_m FROM places.mentors m WHERE m.id = $1

-- name: sees
-- Whether user $1 may see user $2 at $3.
SELECT EXISTS (SELECT FROM identity.visible_to($1, $3) seen WHERE seen.user_id = $2)

-- name: move
-- Session $1 is from $2 to $3.
UPDATE places.mentor_sessions SET starts_at = $2, ends_at = $3 WHERE id = $1

-- name: decide
-- Session $1 is $2 (a status) since $3, by user $4 (null: on nobody's word); a completed one counts for its mentor. Gives the how
-- many-th it is of those that whoever booked has completed, on somebody's word.
WITH decided AS (
    UPDATE places.mentor_sessions SET status = $2, decided_at = $3, decided_by = $4 WHERE id = $1
    RETURNING mentor_id, user_id, status
), counted AS (
    UPDATE places.mentors m SET total_sessions = m.total_sessions + 1
    FROM decided WHERE m.id = decided.mentor_id AND decided.status = 'completed'
)
SELECT count(s.id) + 1 FROM decided
LEFT JOIN places.mentor_sessions s ON s.user_id = decided.user_id AND s.status = 'completed' AND s.id <> $1 AND s.decided_by IS NOT NULL

-- name: page
-- Up to $5 sessions of user $1, as mentor or with mentors, with status $2 (null: any), the latest first: before the one at $3 with id $4
-- (nulls: from the latest).
SELECT :columns FROM (
    (SELECT :columns FROM places.mentor_sessions s
    WHERE s.user_id = $1 AND ($2::text IS NULL OR s.status = $2) AND (s.starts_at, s.id)
        < (coalesce($3::timestamptz, 'infinity'), coalesce($4::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
    ORDER BY s.starts_at DESC, s.id DESC LIMIT $5)
    UNION ALL
    (SELECT :columns FROM places.mentor_sessions s
    WHERE s.mentor_user_id = $1 AND ($2::text IS NULL OR s.status = $2) AND (s.starts_at, s.id)
        < (coalesce($3::timestamptz, 'infinity'), coalesce($4::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
    ORDER BY s.starts_at DESC, s.id DESC LIMIT $5)
) s
ORDER BY s.starts_at DESC, s.id DESC LIMIT $5

-- name: cards
-- The cards of users $2 as user $1 may see them at $3; whom they may not see is a name.
SELECT card.*, NOT EXISTS (SELECT FROM identity.visible_to($1, $3) seen WHERE seen.user_id = card.user_id) AS hidden
FROM identity.cards card WHERE card.user_id = ANY ($2::uuid[])

-- name: note_of
-- The note of user $2 about session $1.
SELECT n.id FROM places.mentor_notes n WHERE n.session_id = $1 AND n.user_id = $2

-- name: note
-- Note $1 about session $2 by user $3 says $4 since $5.
INSERT INTO places.mentor_notes (id, session_id, user_id, notes, updated_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (id) DO UPDATE SET notes = excluded.notes, updated_at = excluded.updated_at

-- name: forget_note
-- There is no note about session $1 by user $2.
DELETE FROM places.mentor_notes WHERE session_id = $1 AND user_id = $2

-- own: notes
-- What user $1 has noted about sessions $2.
SELECT n.id, n.session_id, n.notes FROM places.mentor_notes n WHERE n.user_id = $1 AND n.session_id = ANY ($2::uuid[])

-- name: remind
-- Both are reminded at $3 that session $1 begins at $2. No row: it was moved, is over, or they were reminded. One that is off without
-- either of them having said so is told of too.
UPDATE places.mentor_sessions s SET reminded_at = s.starts_at
WHERE s.id = $1 AND s.starts_at = $2 AND s.ends_at > $3 AND s.reminded_at IS DISTINCT FROM s.starts_at
    AND (s.status = 'scheduled' OR s.status = 'cancelled' AND s.decided_by IS NULL)
RETURNING s.user_id, s.mentor_user_id, s.status
