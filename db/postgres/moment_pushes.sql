-- Pushes of what is now: a call that rings, an offer, a decision; and of what is over.

-- name: wishes
-- Those of users $1 who have a device, and how they want to be told.
SELECT u.user_id, own.notifications AS settings, own.time_zone
FROM (SELECT DISTINCT d.user_id FROM identity.devices d WHERE d.user_id = ANY ($1::uuid[])) u
LEFT JOIN identity.settings own ON own.user_id = u.user_id

-- name: lasts
-- Whether call $1 is still an offer, and rings.
SELECT EXISTS (SELECT FROM interaction.calls c WHERE c.id = $1 AND c.started_at IS NULL AND c.ended_at IS NULL)

-- name: name
-- What user $1 is called.
SELECT p.display_name FROM identity.profiles p WHERE p.user_id = $1

-- name: read
-- Of members, users $1 in rooms $2, place by place, those who have read what their devices were sent a push of; it is forgotten.
DELETE FROM communication.pushes told
USING communication.members m, unnest($1::uuid[], $2::uuid[]) reader (user_id, room_id)
WHERE told.room_id = reader.room_id AND told.user_id = reader.user_id
    AND m.room_id = told.room_id AND m.user_id = told.user_id AND m.read_seq >= told.seq
RETURNING told.user_id, told.room_id
