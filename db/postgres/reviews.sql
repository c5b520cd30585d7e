-- Reviews of places and mentors. The database counts them, whatever becomes of them. Times are passed as timestamptz.

-- name: columns
-- What is shown of review `r`.
r.id, r.rating, r.title, r.content, r.verified_visit, r.created_at, r.edited_at, card.*, false AS hidden

-- name: page
-- Up to $5 reviews of $3 (:subject) as $1 may see them at $2, with ids below $4 (null: any), newest first: of people who are visible.
-- One that moderators have hidden is shown to its author alone.
SELECT :columns
FROM places.reviews r
JOIN identity.visible_to($1, $2) seen ON seen.user_id = r.user_id
JOIN identity.cards card ON card.user_id = r.user_id
WHERE r.:subject = $3 AND (r.hidden_at IS NULL OR r.user_id = $1)
    AND r.id < coalesce($4::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
ORDER BY r.id DESC LIMIT $5

-- name: own
-- Review $1 of user $2.
SELECT :columns FROM places.reviews r JOIN identity.cards card ON card.user_id = r.user_id WHERE r.id = $1 AND r.user_id = $2

-- name: shown
-- Whether there is a place $1 to review.
SELECT EXISTS (SELECT FROM places.locations l WHERE l.id = $1 AND l.active)

-- name: write
-- Review $1 by $2 of place $3, made at $7. No row: they have one there.
INSERT INTO places.reviews (id, user_id, location_id, rating, title, content, created_at, verified_visit)
VALUES ($1, $2, $3, $4, $5, $6, $7, places.has_been_at($2, $3))
ON CONFLICT (user_id, location_id) WHERE location_id IS NOT NULL DO NOTHING
RETURNING id

-- name: mentor
-- Who mentor $3 is, if $1 may see them at $2.
SELECT m.user_id FROM places.mentors m
JOIN identity.visible_to($1, $2) seen ON seen.user_id = m.user_id
WHERE m.id = $3 AND (m.verified OR m.user_id = $1)

-- name: was_mentored
-- Whether user $1 has completed a session with mentor $2.
SELECT EXISTS (SELECT FROM places.mentor_sessions s WHERE s.user_id = $1 AND s.mentor_id = $2 AND s.status = 'completed')

-- name: write_of_mentor
-- Review $1 by $2 of mentor $3, made at $7, after a session. No row: they have said something of them.
INSERT INTO places.reviews (id, user_id, mentor_id, rating, title, content, created_at, verified_visit)
VALUES ($1, $2, $3, $4, $5, $6, $7, true)
ON CONFLICT (user_id, mentor_id) WHERE mentor_id IS NOT NULL DO NOTHING
RETURNING id

-- name: change
-- Set what patch $3 (a JSON object by column) says for review $1 of $2, at $4; what it does not name stays. No row: there is none.
UPDATE places.reviews
SET rating = coalesce(($3::jsonb ->> 'rating')::int, rating),
    title = CASE WHEN $3 ? 'title' THEN $3 ->> 'title' ELSE title END,
    content = CASE WHEN $3 ? 'content' THEN $3 ->> 'content' ELSE content END,
    edited_at = $4
WHERE id = $1 AND user_id = $2
RETURNING id

-- name: delete
-- Review $1 of $2 goes. No row: there is none.
DELETE FROM places.reviews WHERE id = $1 AND user_id = $2 RETURNING id
