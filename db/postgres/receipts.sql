-- How far members of rooms have got, and when. Times are passed as timestamptz.

-- name: delivered
-- Members, rooms $1 with users $2, have everything up to $3 on a device, since $4: place by place, from 1. A row for each that is news.
SELECT n, read_seq, delivered_seq, members
FROM communication.delivered($1::uuid[], $2::uuid[], $3::bigint[], $4::timestamptz[])

-- name: are_members
-- Whether user $2 is a member of room $1.
SELECT EXISTS (SELECT FROM communication.members m WHERE m.room_id = $1 AND m.user_id = $2 AND m.left_at IS NULL)

-- name: of_message
-- Who has got message $1, and when they have read it, as $2 sees it, who reads the message: at most $4, after user $3 (null: from the first), by
-- their ids. Nobody sees anything of receipts who gives none, nor of those who do not, or from whom a block parts them. No row: $2
-- does not read it. One of nulls: nobody has got it.
WITH message AS (
    SELECT s.room_id, s.seq, s.sender_id, CASE WHEN r.kind = 'group' THEN communication.avoided(r.id, m.user_id) ELSE '{}' END AS avoided
    FROM communication.messages s
    JOIN communication.rooms r ON r.id = s.room_id
    JOIN communication.members m ON m.room_id = s.room_id AND m.user_id = $2 AND m.left_at IS NULL AND m.joined_seq < s.seq
    WHERE s.id = $1
)
SELECT found.*
FROM message
LEFT JOIN LATERAL (
    SELECT one.user_id, (
        SELECT d.at FROM communication.deliveries d
        WHERE d.room_id = one.room_id AND d.user_id = one.user_id AND d.seq >= message.seq AND d.after_seq < message.seq
        ORDER BY d.seq LIMIT 1
    ) AS delivered_at, (
        SELECT d.at FROM communication.reads d
        WHERE d.room_id = one.room_id AND d.user_id = one.user_id AND d.seq >= message.seq AND d.after_seq < message.seq
        ORDER BY d.seq LIMIT 1
    ) AS read_at
    FROM communication.members one
    WHERE one.room_id = message.room_id AND one.left_at IS NULL AND one.joined_seq < message.seq
        AND one.delivered_seq >= message.seq AND one.user_id IS DISTINCT FROM message.sender_id
        AND one.user_id > coalesce($3::uuid, '00000000-0000-0000-0000-000000000000')
        AND one.user_id <> ALL (message.avoided)
        AND NOT EXISTS (
            SELECT FROM identity.settings s WHERE s.user_id IN ($2, one.user_id) AND s.read_receipts IS FALSE
        )
    ORDER BY one.user_id LIMIT $4
) found ON true
ORDER BY found.user_id
