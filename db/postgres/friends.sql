-- Friends and requests. A pair is passed in order, the smaller id first; times as timestamptz.

-- name: between
-- What stands between asker $1 and the one asked $2 at $3: whether each may see the other, or could but for a suspicion (else the
-- answer told who has reported the account that one is taken for: such a request is seen by nobody but the asker), their
-- friendship, the open request that one of them has sent, and how many of the asker's were refused.
SELECT
    (SELECT count(*) = 2 FROM identity.visible_to(NULL, $3) seen WHERE seen.user_id IN ($1, $2))
        AND NOT EXISTS (
            SELECT FROM identity.blocks b WHERE (b.blocker_id, b.blocked_id) IN (($1, $2), ($2, $1))
        ) AS possible,
    (
        SELECT f.id FROM social.friendships f
        WHERE f.user_a = least($1, $2) AND f.user_b = greatest($1, $2) AND f.ended_at IS NULL
    ) AS friendship_id,
    r.id AS request_id, r.sender_id = $1 AS own,
    (SELECT count(*) FROM social.friend_requests o WHERE o.sender_id = $1 AND o.receiver_id = $2 AND o.state = 'refused') AS refused
FROM (VALUES (1)) AS pair (n)
LEFT JOIN social.friend_requests r ON least(r.sender_id, r.receiver_id) = least($1::uuid, $2::uuid)
    AND greatest(r.sender_id, r.receiver_id) = greatest($1::uuid, $2::uuid) AND r.state = 'open'

-- name: ask
-- Request $1 by $2 to $3 at $4.
INSERT INTO social.friend_requests (id, sender_id, receiver_id, created_at) VALUES ($1, $2, $3, $4)

-- name: request
-- Request $1, if user $2 has sent or got it.
SELECT id, sender_id, receiver_id, state FROM social.friend_requests WHERE id = $1 AND $2 IN (sender_id, receiver_id)

-- name: close
-- Request $1 is over at $3, as $2 says. No row: it was before.
UPDATE social.friend_requests SET state = $2, closed_at = $3 WHERE id = $1 AND state = 'open' RETURNING id

-- name: open_room
-- The room of the connection of ($1, $2), locked so that it stays open.
SELECT r.id FROM interaction.connections c
JOIN communication.rooms r ON r.id = c.room_id AND r.ended_at IS NULL
WHERE c.user_a = $1 AND c.user_b = $2 AND c.ended_at IS NULL
FOR NO KEY UPDATE OF r

-- name: make_room
-- Room $1 of users $2 and $3, since $4.
WITH room AS (
    INSERT INTO communication.rooms (id, kind, created_at) VALUES ($1, 'direct', $4)
)
INSERT INTO communication.members (room_id, user_id) VALUES ($1, $2), ($1, $3)

-- name: befriend
-- ($2, $3) are friends since $5, in room $4.
INSERT INTO social.friendships (id, user_a, user_b, room_id, created_at) VALUES ($1, $2, $3, $4, $5)

-- name: unfriend
-- ($1, $2) are friends no longer at $4, by $3.
UPDATE social.friendships SET ended_at = $4, ended_by = $3
WHERE user_a = $1 AND user_b = $2 AND ended_at IS NULL

-- name: last
-- The latest friendship of ($1, $2) that has ended.
SELECT id, user_a, user_b, room_id FROM social.friendships
WHERE user_a = $1 AND user_b = $2 AND ended_at IS NOT NULL ORDER BY id DESC LIMIT 1

-- name: friendship
-- Friendship $1, whether it stands or not.
SELECT id, user_a, user_b, room_id FROM social.friendships WHERE id = $1

-- name: friends
-- Friends of user $1 as they see them at $2, the newest $4 first: before friendship $3 (null: from the newest). Each half is read in
-- the order of its index, and no further than it is asked.
SELECT f.*, card.*, false AS hidden, (
    SELECT c.id FROM interaction.connections c
    WHERE c.user_a = least($1, f.friend_id) AND c.user_b = greatest($1, f.friend_id) AND c.ended_at IS NULL
) AS connection_id
FROM (
    (
        SELECT one.id, one.created_at, one.room_id, one.user_b AS friend_id FROM social.friendships one
        WHERE one.user_a = $1 AND one.ended_at IS NULL AND one.id < coalesce($3::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
            AND EXISTS (SELECT FROM identity.visible_to($1, $2) seen WHERE seen.user_id = one.user_b)
        ORDER BY one.id DESC LIMIT $4
    )
    UNION ALL
    (
        SELECT one.id, one.created_at, one.room_id, one.user_a FROM social.friendships one
        WHERE one.user_b = $1 AND one.ended_at IS NULL AND one.id < coalesce($3::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
            AND EXISTS (SELECT FROM identity.visible_to($1, $2) seen WHERE seen.user_id = one.user_a)
        ORDER BY one.id DESC LIMIT $4
    )
) f
JOIN identity.cards card ON card.user_id = f.friend_id
ORDER BY f.id DESC
LIMIT $4

-- name: friend
-- Friend $3 of user $1 in the same way.
SELECT f.id, f.created_at, f.room_id, card.*, false AS hidden, (
    SELECT c.id FROM interaction.connections c
    WHERE c.user_a = least($1::uuid, $3::uuid) AND c.user_b = greatest($1, $3) AND c.ended_at IS NULL
) AS connection_id
FROM social.friendships f
JOIN identity.cards card ON card.user_id = $3
WHERE f.user_a = least($1, $3) AND f.user_b = greatest($1, $3) AND f.ended_at IS NULL
    AND EXISTS (SELECT FROM identity.visible_to($1, $2) seen WHERE seen.user_id = $3)

-- name: received
-- Open requests to user $1 as they see them at $2, the newest first: before request $3 (null: from the newest), or only $5.
SELECT r.id, r.created_at, card.*, false AS hidden
FROM social.friend_requests r
JOIN identity.cards card ON card.user_id = r.sender_id
WHERE r.receiver_id = $1 AND r.state = 'open' AND r.id < coalesce($3::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
    AND ($5::uuid IS NULL OR r.id = $5)
    AND EXISTS (SELECT FROM identity.visible_to($1, $2) seen WHERE seen.user_id = r.sender_id)
ORDER BY r.id DESC
LIMIT $4

-- name: sent
-- Those of user $1, in the same way, also to somebody whom they cannot see for a suspicion alone. Of somebody whom they have
-- never met, and who is not found by anybody, they see the name: an id opens no profile.
SELECT r.id, r.created_at, card.*, NOT EXISTS (SELECT FROM social.findable f WHERE f.user_id = r.receiver_id) AND NOT EXISTS (
    SELECT FROM interaction.call_participants own
    JOIN interaction.call_participants peer ON peer.call_id = own.call_id AND peer.user_id = r.receiver_id
    JOIN interaction.calls c ON c.id = own.call_id
    WHERE own.user_id = $1 AND c.started_at IS NOT NULL
) AS hidden
FROM social.friend_requests r
JOIN identity.cards card ON card.user_id = r.receiver_id
WHERE r.sender_id = $1 AND r.state = 'open' AND r.id < coalesce($3::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
    AND ($5::uuid IS NULL OR r.id = $5)
    AND EXISTS (SELECT FROM identity.visible_to(NULL, $2) seen WHERE seen.user_id = r.receiver_id)
    AND NOT EXISTS (
        SELECT FROM identity.blocks b WHERE (b.blocker_id, b.blocked_id) IN (($1, r.receiver_id), (r.receiver_id, $1))
    )
ORDER BY r.id DESC
LIMIT $4

-- name: forget
-- Drop up to $2 requests that were over before $1.
DELETE FROM social.friend_requests WHERE id IN (
    SELECT id FROM social.friend_requests WHERE closed_at < $1 ORDER BY closed_at LIMIT $2 FOR UPDATE SKIP LOCKED
)
RETURNING 1
