-- Profiles: one's own, and what others may see of them. Times are passed as timestamptz.

-- name: me
-- Everything that is a user's own.
SELECT u.id, u.email, u.username, u.role, u.created_at, p.*
FROM identity.users u JOIN identity.profiles p ON p.user_id = u.id
WHERE u.id = $1 AND u.deleted_at IS NULL

-- name: beginning
-- The same with what a client starts from besides: whether user $1 is in a call or has one to decide, and how many
-- messages of others wait in each room (null: in none).
SELECT
    u.id, u.email, u.username, u.role, u.created_at, p.*,
    EXISTS (SELECT FROM interaction.call_participants part WHERE part.user_id = u.id AND part.active) OR EXISTS (
        SELECT FROM interaction.calls c
        JOIN interaction.call_participants part ON part.call_id = c.id AND part.user_id = u.id
        WHERE c.decision_deadline IS NOT NULL AND c.closed_at IS NULL
    ) AS busy,
    (  -- as a room's `unread` in rooms.sql
        SELECT jsonb_object_agg(m.room_id, waiting.unread)
        FROM communication.members m
        JOIN communication.rooms r ON r.id = m.room_id AND r.last_seq > m.read_seq
        CROSS JOIN LATERAL (
            SELECT count(*) AS unread FROM communication.messages s
            WHERE s.room_id = m.room_id AND s.seq > m.read_seq AND s.sender_id IS DISTINCT FROM m.user_id
                AND s.deleted_at IS NULL
        ) waiting
        WHERE m.user_id = u.id AND waiting.unread > 0
    ) AS unread
FROM identity.users u JOIN identity.profiles p ON p.user_id = u.id
WHERE u.id = $1 AND u.deleted_at IS NULL

-- name: change
-- Write the profile over version $2. No row: it has changed since.
UPDATE identity.profiles
SET display_name = $3, intent = $4, languages = $5, country = $6, city = $7, bio = $8, seeking_genders = $9,
    seeking_age_min = $10, seeking_age_max = $11, version = version + 1, updated_at = greatest(updated_at, $12)
WHERE user_id = $1 AND version = $2
RETURNING user_id

-- name: visible_card
-- Card of user $1 as user $2 may see it at $3. No row: $2 may not see $1, or there is no such user.
SELECT card.*, false AS hidden
FROM identity.cards card
JOIN identity.visible_to($2, $3) seen ON seen.user_id = card.user_id
WHERE card.user_id = $1
