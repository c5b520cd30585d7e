-- Pushes of what is said in rooms.

-- name: with_devices
-- Those of rooms $1 in which a member with a device has something to read at $2, and may be told of it: in a group that is quiet for them
-- it may be an answer to them.
SELECT r.id FROM communication.rooms r
WHERE r.id = ANY ($1::uuid[]) AND r.ended_at IS NULL AND EXISTS (
    SELECT FROM communication.members m
    JOIN identity.devices d ON d.user_id = m.user_id
    WHERE m.room_id = r.id AND m.left_at IS NULL AND m.read_seq < r.last_seq AND (r.kind = 'group' OR (m.muted_until > $2) IS NOT TRUE)
)

-- name: unread
-- The newest message of room $1 that each member with a device (or only user $2) has neither read nor been sent a push of, and how they
-- want that. Sent or not, if $3; what the job of moment $4 was sending counts as not sent. What they said themselves, what was deleted, what the
-- system says, and those from whom a block parts them, count for nothing; where it is quiet for them at $5, all but what answers them in a group,
-- of its latest 1,000 messages.
WITH answers AS MATERIALIZED (  -- read where it is quiet for somebody, and once for all of them
    SELECT c.id, c.seq, c.type, c.content, c.sender_id, said.sender_id AS asker_id
    FROM communication.rooms r
    JOIN communication.messages c ON c.room_id = r.id AND c.seq > r.last_seq - 1000 AND c.deleted_at IS NULL
    JOIN communication.messages said ON said.id = c.reply_to
    WHERE r.id = $1 AND r.kind = 'group'
)
SELECT m.user_id, s.id, s.seq, s.type, s.content, p.display_name AS sender, g.name AS group_name,
    own.notifications AS settings, own.time_zone
FROM communication.rooms r
JOIN communication.members m ON m.room_id = r.id AND m.left_at IS NULL AND m.read_seq < r.last_seq
LEFT JOIN communication.pushes told
    ON told.room_id = m.room_id AND told.user_id = m.user_id AND NOT $3 AND told.sending IS DISTINCT FROM $4
LEFT JOIN communication.groups g ON g.room_id = r.id
LEFT JOIN identity.settings own ON own.user_id = m.user_id
CROSS JOIN LATERAL (
    SELECT CASE WHEN r.kind = 'group' THEN communication.avoided(r.id, m.user_id) ELSE '{}' END AS users,
        greatest(m.read_seq, m.joined_seq, told.seq) AS known OFFSET 0
) apart
CROSS JOIN LATERAL (
    (
        SELECT c.id, c.seq, c.type, c.content, c.sender_id FROM communication.messages c
        WHERE (m.muted_until > $5) IS NOT TRUE AND c.room_id = r.id AND c.seq > apart.known AND c.sender_id <> m.user_id
            AND c.sender_id <> ALL (apart.users) AND c.deleted_at IS NULL AND c.type <> 'system'
        ORDER BY c.seq DESC LIMIT 1
    ) UNION ALL (
        SELECT c.id, c.seq, c.type, c.content, c.sender_id FROM answers c
        WHERE m.muted_until > $5 AND c.asker_id = m.user_id AND c.seq > apart.known AND c.sender_id <> m.user_id
            AND c.sender_id <> ALL (apart.users)
        ORDER BY c.seq DESC LIMIT 1
    )
) s
JOIN identity.profiles p ON p.user_id = s.sender_id
WHERE r.id = $1 AND r.ended_at IS NULL AND ($2::uuid IS NULL OR m.user_id = $2)
    AND EXISTS (SELECT FROM identity.devices d WHERE d.user_id = m.user_id)
ORDER BY m.user_id

-- name: note
-- The devices of users $2 are about to be sent what is said in room $1 up to $3, place by place, by the job of moment $4. A row for each for whom
-- nobody else has done so.
INSERT INTO communication.pushes AS told (room_id, user_id, seq, sending)
SELECT $1, m.user_id, up_to.seq, $4
FROM unnest($2::uuid[], $3::bigint[]) up_to (user_id, seq)
JOIN communication.members m ON m.room_id = $1 AND m.user_id = up_to.user_id
ORDER BY m.user_id
ON CONFLICT (room_id, user_id) DO UPDATE SET seq = excluded.seq, sending = excluded.sending
WHERE told.seq < excluded.seq OR told.sending = excluded.sending
RETURNING told.user_id

-- name: sent
-- The job of moment $3 has sent what it noted for users $2 of room $1.
UPDATE communication.pushes SET sending = NULL WHERE room_id = $1 AND user_id = ANY ($2::uuid[]) AND sending = $3
