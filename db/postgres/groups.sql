-- Groups: what they are called, who is in them, and invitations. Times are passed as timestamptz.

-- name: create
-- Group $1 with room $2 of user $3, called $4, with description $5, photo $6 and history $7, that keeps messages for $8 days, at $9.
WITH room AS (
    INSERT INTO communication.rooms (id, kind, created_at) VALUES ($2, 'group', $9)
), made AS (
    INSERT INTO communication.groups (id, room_id, name, description, photo_id, history, keep_days, created_at)
    VALUES ($1, $2, $4, $5, $6, $7, $8, $9)
)
INSERT INTO communication.members (room_id, user_id, role, joined_at) VALUES ($2, $3, 'owner', $9)

-- name: note
-- In room $1, which is locked, has happened $2 to user $3 by $4 (each may be null) at $5.
SELECT communication.note($1, $2, $3, $4, $5)

-- name: note_change
-- Room $1, which is locked, is another to its members, and there is nothing to read about it.
SELECT communication.note_change($1)

-- name: lock
-- Lock the room of group $1, so that one change at a time looks at it.
SELECT r.id FROM communication.groups g JOIN communication.rooms r ON r.id = g.room_id WHERE g.id = $1 FOR NO KEY UPDATE OF r

-- name: member
-- Group $1 while it stands, and the role that user $2 has there. No row: there is none, or they are no member.
SELECT g.room_id, g.name, g.photo_id, m.role
FROM communication.groups g
JOIN communication.rooms r ON r.id = g.room_id AND r.ended_at IS NULL
JOIN communication.members m ON m.room_id = g.room_id AND m.user_id = $2 AND m.left_at IS NULL
WHERE g.id = $1

-- name: photo
-- The photo of group `g` that others may see.
(SELECT shown.id FROM social.media shown WHERE shown.id = g.photo_id AND shown.state = 'ready' AND shown.stored) AS photo_id

-- name: views
-- The groups of user $1, newest first: before group $2 (null: from the newest), or only group $4.
SELECT
    g.id, g.room_id, g.name, g.description, g.history, g.keep_days, g.created_at, m.role, :photo,
    (SELECT count(*) FROM communication.members one WHERE one.room_id = g.room_id AND one.left_at IS NULL) AS member_count
FROM communication.members m
JOIN communication.groups g ON g.room_id = m.room_id
JOIN communication.rooms r ON r.id = g.room_id AND r.ended_at IS NULL
WHERE m.user_id = $1 AND m.left_at IS NULL AND g.id < coalesce($2::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
    AND ($4::uuid IS NULL OR g.id = $4)
ORDER BY g.id DESC
LIMIT $3

-- name: counts
-- How many members the room $1 has, and of how many groups user $2 is one.
SELECT
    (SELECT count(*) FROM communication.members m WHERE m.room_id = $1 AND m.left_at IS NULL) AS members,
    (
        SELECT count(*) FROM communication.members m
        JOIN communication.rooms r ON r.id = m.room_id AND r.kind = 'group' AND r.ended_at IS NULL
        WHERE m.user_id = $2 AND m.left_at IS NULL
    ) AS groups

-- name: members
-- Members of room $1 as user $2 sees them at $3: the owner, admins, and the others, the first $6 after the one with rank $4 and id $5
-- (null: from the first), or only $7.
SELECT m.role, m.joined_at, ranked.rank, card.*,
    NOT EXISTS (SELECT FROM identity.visible_to($2, $3) seen WHERE seen.user_id = m.user_id) AS hidden
FROM communication.members m
CROSS JOIN LATERAL (SELECT CASE m.role WHEN 'owner' THEN 2 WHEN 'admin' THEN 1 ELSE 0 END AS rank) ranked
JOIN identity.cards card ON card.user_id = m.user_id
WHERE m.room_id = $1 AND m.left_at IS NULL AND ($4::int IS NULL OR (ranked.rank, m.user_id) < ($4, $5::uuid))
    AND ($7::uuid IS NULL OR m.user_id = $7)
ORDER BY ranked.rank DESC, m.user_id DESC
LIMIT $6

-- name: standing
-- What there is of user $2 in room $1: their role, and if they are a member no more, whether by themselves. No row: nothing.
SELECT m.role, m.left_at IS NOT NULL AS left, m.left_by IS NOT DISTINCT FROM m.user_id AS by_themselves
FROM communication.members m WHERE m.room_id = $1 AND m.user_id = $2

-- name: may_add
-- Whether user $1 may add $2 at $3: they are friends, or connected, and see each other.
SELECT EXISTS (SELECT FROM identity.visible_to($1, $3) seen WHERE seen.user_id = $2) AND (EXISTS (
    SELECT FROM social.friendships f WHERE f.user_a = least($1, $2) AND f.user_b = greatest($1, $2) AND f.ended_at IS NULL
) OR EXISTS (
    SELECT FROM interaction.connections c WHERE c.user_a = least($1, $2) AND c.user_b = greatest($1, $2) AND c.ended_at IS NULL
))

-- name: add
-- User $2 is a member of room $1 from $3 on, and reads what the group lets newcomers read; what there was is not to be read by them first.
INSERT INTO communication.members AS known (room_id, user_id, role, joined_seq, read_seq, delivered_seq, joined_at)
SELECT r.id, $2, 'member', CASE g.history WHEN 'all' THEN r.forgotten_seq ELSE r.last_seq END, r.last_seq, r.last_seq, $3
FROM communication.rooms r JOIN communication.groups g ON g.room_id = r.id
WHERE r.id = $1
ON CONFLICT (room_id, user_id) DO UPDATE SET
    role = excluded.role, joined_seq = excluded.joined_seq, read_seq = excluded.read_seq,
    delivered_seq = excluded.delivered_seq, joined_at = excluded.joined_at, left_at = NULL, left_by = NULL,
    muted_until = NULL

-- name: give
-- User $2 has role $3 in room $1.
UPDATE communication.members SET role = $3 WHERE room_id = $1 AND user_id = $2

-- name: leave
-- User $2 is no member of room $1 any more at $4, by $3.
SELECT communication.leave($1, $2, $3, $4)

-- name: change
-- Group $1 is called $2, has description $3, photo $4 and history $5, and keeps messages for $6 days; null: as it is, but for what is named in $7,
-- which is cleared.
UPDATE communication.groups SET
    name = coalesce($2, name),
    description = CASE WHEN 'description' = ANY ($7::text[]) THEN NULL ELSE coalesce($3, description) END,
    photo_id = CASE WHEN 'photo' = ANY ($7::text[]) THEN NULL ELSE coalesce($4::uuid, photo_id) END,
    history = coalesce($5, history),
    keep_days = CASE WHEN 'keep_days' = ANY ($7::text[]) THEN NULL ELSE coalesce($6, keep_days) END
WHERE id = $1

-- name: end
-- The group of room $1 is over at $2, and nobody joins any more.
WITH over AS (
    UPDATE communication.rooms SET ended_at = $2 WHERE id = $1
)
UPDATE communication.invitations i SET revoked_at = $2
FROM communication.groups g WHERE g.room_id = $1 AND i.group_id = g.id AND i.revoked_at IS NULL

-- name: show
-- From $4 on media $3 of $2 is the photo of group $1, and stays. No row: it is not theirs, no photo, refused, or shown elsewhere.
UPDATE social.media SET used_for = $1, used_at = $4, expires_at = NULL
WHERE id = $3 AND owner_id = $2 AND purpose = 'photo' AND type = 'image' AND state <> 'refused' AND stored AND used_at IS NULL
    AND (expires_at IS NULL OR expires_at > $4)
RETURNING id

-- name: hide
-- Media $2, which group $1 has shown, is deleted at $3.
UPDATE social.media SET expires_at = $3 WHERE id = $2 AND used_for = $1 AND purpose = 'photo' AND expires_at IS NULL

-- name: invite
-- Invitation $1 to group $2 by $3, for $4 (null: any number), until $5, made at $6.
INSERT INTO communication.invitations (id, group_id, made_by, uses_left, expires_at, created_at) VALUES ($1, $2, $3, $4, $5, $6)

-- name: stands
-- An invitation `i` by which somebody may join at $1: who has made it leads the group still.
i.revoked_at IS NULL AND i.expires_at > $1 AND coalesce(i.uses_left, 1) > 0 AND EXISTS (
        SELECT FROM communication.groups g
        JOIN communication.rooms r ON r.id = g.room_id AND r.ended_at IS NULL
        JOIN communication.members m ON m.room_id = g.room_id AND m.user_id = i.made_by AND m.left_at IS NULL AND m.role <> 'member'
        WHERE g.id = i.group_id
    )

-- name: invitations
-- Those to group $2 that stand at $1, newest first: before $3 (null: from the newest).
SELECT i.id, i.uses_left, i.expires_at FROM communication.invitations i
WHERE i.group_id = $2 AND :stands AND i.id < coalesce($3::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
ORDER BY i.id DESC
LIMIT $4

-- name: invited_to
-- The group of invitation $1.
SELECT group_id FROM communication.invitations WHERE id = $1

-- name: preview
-- What invitation $2 is to at $1, for user $3; `room_id` is null where they are no member. No row: it does not stand, a block parts them from whoever
-- invites, or they were removed.
SELECT g.name, g.description, :photo, i.expires_at, CASE WHEN own.left_at IS NULL THEN own.room_id END AS room_id,
    (SELECT count(*) FROM communication.members one WHERE one.room_id = g.room_id AND one.left_at IS NULL) AS member_count
FROM communication.invitations i
JOIN communication.groups g ON g.id = i.group_id
LEFT JOIN communication.members own ON own.room_id = g.room_id AND own.user_id = $3
WHERE i.id = $2 AND :stands AND (own.left_by IS NULL OR own.left_by = $3)
    AND NOT EXISTS (SELECT FROM identity.blocked_pairs b WHERE b.one = i.made_by AND b.other = $3)

-- name: use
-- Invitation $2 is used once more at $1, by user $3. No row: it does not stand, or a block parts them from whoever invites.
UPDATE communication.invitations i SET uses_left = i.uses_left - 1
WHERE i.id = $2 AND :stands AND NOT EXISTS (SELECT FROM identity.blocked_pairs b WHERE b.one = i.made_by AND b.other = $3)
RETURNING i.id

-- name: revoke
-- Nobody joins by invitation $2 to group $1 any more, from $3 on. No row: there is none that anybody could join by.
UPDATE communication.invitations SET revoked_at = $3 WHERE id = $2 AND group_id = $1 AND revoked_at IS NULL RETURNING id

-- name: forget
-- Drop up to $2 invitations that had expired before $1.
DELETE FROM communication.invitations WHERE id IN (
    SELECT id FROM communication.invitations WHERE expires_at < $1 ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED
)
RETURNING 1
