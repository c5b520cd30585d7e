-- Blocks, and pending blocks: those whose effects are still to be performed. Times are passed as timestamptz.

-- name: may_block
-- Whether user $1 may block user $2 at $3: they have blocked them already, may see them or could but for a suspicion (else the
-- answer told who has reported the account that theirs is taken for), or have met them. Nobody is NULL, to whom all that stand are visible.
SELECT EXISTS (SELECT FROM identity.blocks WHERE blocker_id = $1 AND blocked_id = $2)
    OR EXISTS (SELECT FROM identity.visible_to(NULL, $3) seen WHERE seen.user_id = $2)
    AND NOT EXISTS (SELECT FROM identity.blocks WHERE blocker_id = $2 AND blocked_id = $1)
    OR EXISTS (
        SELECT FROM identity.users u
        JOIN interaction.call_participants own ON own.user_id = $1
        JOIN interaction.call_participants peer ON peer.call_id = own.call_id AND peer.user_id = u.id
        WHERE u.id = $2 AND u.deleted_at IS NULL
    )

-- name: insert_block
-- $2 blocks $3 at $4, which ends their connection and leaves pending block $1, taken until $5 (null: not taken). A trigger ends
-- their friendship and the open request. No row: the block existed already.
WITH new AS (
    INSERT INTO identity.blocks (blocker_id, blocked_id, created_at) VALUES ($2, $3, $4)
    ON CONFLICT (blocker_id, blocked_id) DO NOTHING
    RETURNING blocker_id, blocked_id
), ended AS (
    UPDATE interaction.connections c SET ended_at = $4, ended_by = $2
    FROM new
    WHERE c.user_a = least(new.blocker_id, new.blocked_id) AND c.user_b = greatest(new.blocker_id, new.blocked_id)
        AND c.ended_at IS NULL
    RETURNING c.id
)
INSERT INTO interaction.pending_blocks (id, blocker_id, blocked_id, connection_id, taken_until, friendship_id, request_id)
SELECT $1, new.blocker_id, new.blocked_id, (SELECT id FROM ended), coalesce($5::timestamptz, '-infinity'), (
    SELECT f.id FROM social.friendships f
    WHERE f.user_a = least(new.blocker_id, new.blocked_id) AND f.user_b = greatest(new.blocker_id, new.blocked_id)
        AND f.ended_at IS NULL
), (
    SELECT r.id FROM social.friend_requests r
    WHERE least(r.sender_id, r.receiver_id) = least(new.blocker_id, new.blocked_id)
        AND greatest(r.sender_id, r.receiver_id) = greatest(new.blocker_id, new.blocked_id) AND r.state = 'open'
) FROM new
RETURNING id, blocker_id, blocked_id, connection_id, friendship_id, request_id

-- name: of_pair
-- The block of $2 by $1.
SELECT b.blocked_id AS user_id, card.display_name, b.created_at
FROM identity.blocks b JOIN identity.cards card ON card.user_id = b.blocked_id
WHERE b.blocker_id = $1 AND b.blocked_id = $2

-- name: unblock
-- $1 does not block $2 any more.
DELETE FROM identity.blocks WHERE blocker_id = $1 AND blocked_id = $2

-- name: blocks
-- The blocks by user $1, newest first: before the block of $3 at $2 (nulls: from the newest).
SELECT b.blocked_id AS user_id, card.display_name, b.created_at
FROM identity.blocks b JOIN identity.cards card ON card.user_id = b.blocked_id
WHERE b.blocker_id = $1
    AND (b.created_at, b.blocked_id)
        < (coalesce($2::timestamptz, 'infinity'), coalesce($3::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
ORDER BY b.created_at DESC, b.blocked_id DESC
LIMIT $4

-- name: due
-- At most $3 pending blocks that no node has taken at $1. Each is taken until $2.
UPDATE interaction.pending_blocks SET taken_until = $2
WHERE id IN (
    SELECT id FROM interaction.pending_blocks WHERE taken_until <= $1 ORDER BY taken_until LIMIT $3 FOR UPDATE SKIP LOCKED
)
RETURNING id, blocker_id, blocked_id, connection_id, friendship_id, request_id

-- name: settled
-- All effects of pending block $1 are performed.
DELETE FROM interaction.pending_blocks WHERE id = $1

-- name: open_between
-- Calls of users $1 and $2 with each other that go on, ring, or have ended and wait for a decision.
SELECT own.call_id
FROM interaction.call_participants own
JOIN interaction.call_participants peer ON peer.call_id = own.call_id AND peer.user_id = $2
JOIN interaction.calls c ON c.id = own.call_id
WHERE own.user_id = $1 AND (own.active OR peer.active OR (c.decision_deadline IS NOT NULL AND c.closed_at IS NULL))
