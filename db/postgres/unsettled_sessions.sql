-- Sessions with mentors that are over, and of which neither has said what became of it. Times are passed as timestamptz.

-- name: due
-- Up to $2 that ended before $1, the oldest first, with the two whose they are.
SELECT s.id, s.user_id, s.mentor_user_id FROM places.mentor_sessions s
WHERE s.status = 'scheduled' AND s.ends_at < $1
ORDER BY s.ends_at, s.id LIMIT $2

-- name: seen
-- What is on record of session $1: whether they talked, and who rang.
SELECT coalesce(bool_or(c.live_at IS NOT NULL), false) AS talked, coalesce(array_agg(DISTINCT c.invited_by), '{}') AS rang
FROM interaction.calls c WHERE c.mentor_session_id = $1
