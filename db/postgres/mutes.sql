-- Rooms that are quiet for one of their members.

-- name: mute
-- Nothing that is said in room $1 is pushed to its member $2 until $3; null: it is again. Whether they are one.
WITH muted AS (
    UPDATE communication.members m SET muted_until = $3 WHERE m.room_id = $1 AND m.user_id = $2 AND m.left_at IS NULL
    RETURNING m.user_id
)
SELECT EXISTS (SELECT FROM muted)
