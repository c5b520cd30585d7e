-- Rooms and what is said in them.

-- name: say
-- Store drafts, place by place in these columns (arrays as text), each with its note in the outbox; what the function
-- promises is said where it is made (0068_messages.sql). A row for each that was stored, by its place from 1. No row: its sender has used this
-- client id before, or may not write in this room, reply to this message, or send this media.
SELECT n, seq, number, members, shown, replied
FROM communication.say(
    $1::text::uuid[], $2::text::uuid[], $3::text::uuid[], $4::text::text[], $5::text::text[], $6::text::text[],
    $7::text::uuid[], $8::text::timestamptz[], $9::text::uuid[]
)

-- name: say_one
-- The same of one draft alone.
SELECT n, seq, number, members, shown, replied FROM communication.say_one($1, $2, $3, $4, $5, $6, $7, $8, $9)

-- name: sendable
-- Whether user $2 may send media $1 as a message of kind $3 at $4. No row: it is none of theirs for a chat.
SELECT communication.may_be_sent(m.id, $2, $3, $4) AS sendable FROM social.media m
WHERE m.id = $1 AND m.owner_id = $2 AND m.purpose = 'chat' AND m.stored AND (m.expires_at IS NULL OR m.expires_at > $4)
    AND NOT social.is_gone(m.id)

-- name: own_message
-- Message $1, as $2 reads it, who is a member of its room; `ended`: the room is.
SELECT s.*, s.sender_id = ANY (apart.avoided) AS apart, r.ended_at IS NOT NULL AS ended, :beside
FROM communication.messages s
JOIN communication.members m ON m.room_id = s.room_id AND m.user_id = $2 AND m.left_at IS NULL AND m.joined_seq < s.seq
JOIN communication.rooms r ON r.id = s.room_id
CROSS JOIN LATERAL (:avoided) apart
WHERE s.id = $1

-- name: change
-- Message $1 of $2 says $3 from $5 on, or is deleted then, if $4; and it is to be announced. False: it could not be (0068_messages.sql).
SELECT communication.change($1, $2, $3, $4, $5)

-- name: beside
-- What a member `m`, who sees nothing of those in `apart`, is shown beside what message `s` says: its media, and what it is a reply to.
CASE WHEN s.media_id IS NOT NULL AND s.deleted_at IS NULL THEN communication.shown(s.media_id) END AS shown,
    CASE WHEN s.reply_to IS NOT NULL AND s.deleted_at IS NULL
        THEN communication.preview(s.reply_to, apart.avoided, m.joined_seq) END AS replied

-- name: to_announce
-- These messages as they are now, the members to tell, those who are told only that there is one (`away`), and those who see nothing of
-- what it is a reply to (`unaware`). In a room of two there are none: told are those who may see the sender at $2.
SELECT s.*, CASE WHEN s.media_id IS NOT NULL AND s.deleted_at IS NULL THEN communication.shown(s.media_id) END AS shown,
    CASE WHEN s.reply_to IS NOT NULL AND s.deleted_at IS NULL THEN communication.preview(s.reply_to, '{}', r.forgotten_seq) END AS replied,
    CASE WHEN r.kind = 'direct' THEN ARRAY(
    SELECT m.user_id FROM communication.members m
    WHERE m.room_id = s.room_id AND m.left_at IS NULL AND m.joined_seq < s.seq AND (s.sender_id IS NULL OR EXISTS (
        SELECT FROM identity.visible_to(m.user_id, $2) seen WHERE seen.user_id = s.sender_id
    ))
    ORDER BY m.user_id
) ELSE ARRAY(
    SELECT m.user_id FROM communication.members m
    WHERE m.room_id = s.room_id AND m.left_at IS NULL AND m.joined_seq < s.seq
        AND m.user_id <> ALL (sender.avoided || sender.unaware)
    ORDER BY m.user_id
) END AS members, ARRAY(
    SELECT m.user_id FROM communication.members m
    WHERE m.room_id = s.room_id AND m.left_at IS NULL AND m.joined_seq < s.seq AND m.user_id = ANY (sender.avoided)
    ORDER BY m.user_id
) AS away, ARRAY(
    SELECT m.user_id FROM communication.members m
    WHERE m.room_id = s.room_id AND m.left_at IS NULL AND m.joined_seq < s.seq
        AND m.user_id = ANY (sender.unaware) AND m.user_id <> ALL (sender.avoided)
    ORDER BY m.user_id
) AS unaware
FROM communication.messages s
JOIN communication.rooms r ON r.id = s.room_id
CROSS JOIN LATERAL (
    SELECT CASE WHEN r.kind = 'group' AND s.sender_id IS NOT NULL
        THEN communication.avoided(r.id, s.sender_id) ELSE '{}' END AS avoided,
        CASE WHEN r.kind = 'group' AND s.reply_to IS NOT NULL
        THEN communication.unaware(r.id, s.reply_to) ELSE '{}' END AS unaware OFFSET 0
) sender
WHERE s.id = ANY ($1::uuid[])

-- name: changed
-- Which rooms these are, or are of these messages, and who is no member by what that message tells.
SELECT asked.id AS subject, coalesce(s.room_id, asked.id) AS room_id,
    CASE WHEN s.system IN ('left', 'removed') THEN s.about_id END AS gone
FROM unnest($1::uuid[]) AS asked (id)
LEFT JOIN communication.messages s ON s.id = asked.id

-- name: said_before
-- The message that this member of room $1 has sent there under this client id.
SELECT s.*, :beside
FROM communication.messages s
JOIN communication.members m ON m.room_id = s.room_id AND m.user_id = s.sender_id AND m.left_at IS NULL
JOIN communication.rooms r ON r.id = m.room_id
CROSS JOIN LATERAL (:avoided) apart
WHERE s.room_id = $1 AND s.sender_id = $2 AND s.client_id = $3

-- name: members
-- All members of the rooms $1 of which users $2 are members, place by place from 1, less those from whom a block parts them in a group;
-- whether anything can be said there; and whether the members are the same for all who ask.
SELECT
    asked.n, r.ended_at IS NULL AS active,
    ARRAY(
        SELECT one.user_id FROM communication.members one
        WHERE one.room_id = m.room_id AND one.left_at IS NULL AND (r.kind = 'direct' OR one.user_id <> ALL (apart.avoided))
        ORDER BY one.user_id
    ) AS members,
    r.kind = 'direct' OR apart.avoided = '{}' AS shared
FROM unnest($1::uuid[], $2::uuid[]) WITH ORDINALITY AS asked (room_id, user_id, n)
JOIN communication.members m ON m.room_id = asked.room_id AND m.user_id = asked.user_id AND m.left_at IS NULL
JOIN communication.rooms r ON r.id = m.room_id
CROSS JOIN LATERAL (:avoided) apart

-- name: avoided
-- Of room `r`: those of whom its member `m` sees nothing. Asked once for each room, and not for each message.
SELECT CASE WHEN r.kind = 'group' THEN communication.avoided(r.id, m.user_id) ELSE '{}' END AS avoided OFFSET 0

-- name: group
-- What a room `r` shows of its group: `g`, if it is one.
g.id AS group_id, g.name AS group_name, g.keep_days, (
        SELECT shown.id FROM social.media shown WHERE shown.id = g.photo_id AND shown.state = 'ready' AND shown.stored
    ) AS group_photo

-- name: oldest
-- The first seq that a member `m` of room `r` may read.
greatest(m.joined_seq, r.forgotten_seq) + 1 AS oldest_seq

-- name: history_before
-- Messages of room $1, as its member $5 reads them, between seq $2 and $3, both exclusive, the newest $4 of them, newest first.
-- No row: not a member. One of nulls: no such messages. `apart`: all that the reader sees of it is that there is one. `oldest_seq`: what was
-- said before is not theirs to read, or forgotten.
SELECT s.*, s.sender_id = ANY (apart.avoided) AS apart, :oldest, :beside
FROM communication.members m
JOIN communication.rooms r ON r.id = m.room_id
CROSS JOIN LATERAL (:avoided) apart
LEFT JOIN LATERAL (
    SELECT * FROM communication.messages
    WHERE room_id = m.room_id AND seq > greatest($2, m.joined_seq) AND seq < $3 ORDER BY seq DESC LIMIT $4
) s ON true
WHERE m.room_id = $1 AND m.user_id = $5 AND m.left_at IS NULL
ORDER BY s.seq DESC

-- own: page
-- The newest $4 messages of room $2, as its member $1 reads them, before seq $3, newest first. Rows as those of `history_before`.
SELECT s.*, s.sender_id = ANY (apart.avoided) AS apart,
    CASE WHEN s.media_id IS NOT NULL AND s.deleted_at IS NULL THEN communication.shown_to_me(s.id) END AS shown,
    CASE WHEN s.reply_to IS NOT NULL AND s.deleted_at IS NULL
        THEN communication.preview(s.reply_to, apart.avoided, m.joined_seq) END AS replied
FROM communication.members m
LEFT JOIN LATERAL (
    SELECT * FROM communication.messages
    WHERE room_id = m.room_id AND seq > m.joined_seq AND seq < $3 ORDER BY seq DESC LIMIT $4
) s ON true
CROSS JOIN communication.avoided_by_me($2) AS apart (avoided)
WHERE m.room_id = $2 AND m.user_id = $1 AND m.left_at IS NULL
ORDER BY s.seq DESC

-- name: history_after
-- As `history_before`, the oldest $4 of them, oldest first.
SELECT s.*, s.sender_id = ANY (apart.avoided) AS apart, :oldest, :beside
FROM communication.members m
JOIN communication.rooms r ON r.id = m.room_id
CROSS JOIN LATERAL (:avoided) apart
LEFT JOIN LATERAL (
    SELECT * FROM communication.messages
    WHERE room_id = m.room_id AND seq > greatest($2, m.joined_seq) AND seq < $3 ORDER BY seq LIMIT $4
) s ON true
WHERE m.room_id = $1 AND m.user_id = $5 AND m.left_at IS NULL
ORDER BY s.seq

-- name: found_in_room
-- Messages of room $1 that its member $2 may read and that have words $3, before seq $4, the newest $5 of them, newest first. Rows as those of
-- `history_before`.
SELECT s.*, false AS apart, :beside
FROM communication.members m
JOIN communication.rooms r ON r.id = m.room_id
CROSS JOIN LATERAL (:avoided) apart
LEFT JOIN LATERAL (
    SELECT s.* FROM communication.found_in_room(m.room_id, m.user_id, $3, $4, $5) found
    CROSS JOIN LATERAL (SELECT * FROM communication.messages said WHERE said.id = found.id OFFSET 0) s
) s ON true
WHERE m.room_id = $1 AND m.user_id = $2 AND m.left_at IS NULL
ORDER BY s.seq DESC

-- name: found
-- The same of all rooms of user $1: with words $2, before message $3, the newest $4 of them. Each is looked up by itself, however many rooms
-- its reader has; whom they avoid is asked for previews alone, as no message of those was found.
SELECT s.*, false AS apart, :beside
FROM communication.found($1, $2, $3, $4) found
CROSS JOIN LATERAL (SELECT * FROM communication.messages said WHERE said.id = found.id OFFSET 0) s
CROSS JOIN LATERAL (
    SELECT own.joined_seq, CASE WHEN s.reply_to IS NOT NULL AND r.kind = 'group' THEN communication.avoided(r.id, $1) ELSE '{}' END AS avoided
    FROM communication.members own
    JOIN communication.rooms r ON r.id = own.room_id
    WHERE own.room_id = s.room_id AND own.user_id = $1 OFFSET 0
) m
CROSS JOIN LATERAL (SELECT m.avoided) apart
ORDER BY s.id DESC

-- name: read
-- Members, rooms $1 with users $2, have read everything up to $3, at $4: place by place, from 1. No row: not a member.
SELECT n, read_seq, delivered_seq, members
FROM communication.read($1::uuid[], $2::uuid[], $3::bigint[], $4::timestamptz[])

-- name: moment
-- Up to which transaction all that was done is seen by now, and of which history of the database that number is; and `since`, from which one on
-- rooms are asked for that have changed: $6, which was such a number of history $7. Null: all, also where the two cannot be compared
-- (another history, as after a restore, or longer ago than numbers of rows tell apart).
SELECT
    own.history, pg_snapshot_xmin(own.seen)::text::bigint AS seen,
    CASE WHEN own.history = $7 AND $6 BETWEEN pg_snapshot_xmax(own.seen)::text::bigint - 2000000000 AND pg_snapshot_xmax(own.seen)::text::bigint
        THEN ($6 % 4294967296)::text::xid END AS since
FROM (
    SELECT pg_current_snapshot() AS seen, hashint8extended(system.system_identifier, state.timeline_id) AS history
    FROM pg_control_system() system, pg_control_checkpoint() state
) own

-- name: views
-- Rooms of user $1 as they see them at $5, newest first: before room $2 (null: from the newest), or only room $4; $6 and $7 are a
-- moment: only what has changed since, and what the user has left since. That is told by the transaction that wrote a row last: nothing has to
-- be written for it. The first row tells the moment, also where there is no room. Where friends go on writing whose connection has ended, there is
-- none. `unread` looks at the latest 1,000; of what was said before that all counts.
SELECT moment.history, moment.seen, view.*
FROM (:moment) moment
LEFT JOIN LATERAL (
    SELECT
        r.id, r.kind, :group, r.last_seq, r.created_at, r.ended_at, r.role, r.read_seq, r.left_at, r.muted_until, r.connection_id,
        r.oldest_seq,
        (  -- the same as in sessions.sql, where `session:ready` takes it from
            SELECT count(*) + greatest(r.last_seq - 1000 - r.read_seq, 0) FROM communication.messages s
            WHERE s.room_id = r.id AND s.seq > greatest(r.read_seq, r.last_seq - 1000) AND s.sender_id IS DISTINCT FROM $1
                AND s.deleted_at IS NULL AND (s.sender_id = ANY (apart.avoided)) IS NOT TRUE
        ) AS unread,
        (SELECT count(*) FROM communication.members one WHERE one.room_id = r.id AND one.left_at IS NULL) AS member_count,
        card.*, r.ended_at IS NOT NULL OR NOT EXISTS (
            SELECT FROM identity.visible_to($1, $5) seen WHERE seen.user_id = card.user_id
        ) AS hidden
    FROM (
        SELECT
            r.id, r.kind, r.last_seq, r.created_at, r.ended_at, m.user_id, m.role, m.read_seq, m.left_at, m.muted_until, :oldest,
            peer.user_id AS peer_id,
            CASE WHEN c.ended_at IS NULL OR r.ended_at IS NOT NULL THEN c.id END AS connection_id
        FROM communication.members m
        JOIN communication.rooms r ON r.id = m.room_id
        LEFT JOIN interaction.connections c ON c.id = r.connection_id
        LEFT JOIN communication.members peer ON r.kind = 'direct' AND peer.room_id = r.id AND peer.user_id <> $1
        WHERE m.user_id = $1 AND ($4::uuid IS NULL OR m.room_id = $4)
            AND m.room_id < coalesce($2::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
            AND (m.left_at IS NULL OR $6 IS NOT NULL)
            AND (moment.since IS NULL OR age(m.xmin) <= age(moment.since) OR m.left_at IS NULL AND (
                least(age(r.xmin), age(c.xmin)) <= age(moment.since)
                OR (SELECT age(p.xmin) FROM identity.profiles p WHERE p.user_id = peer.user_id) <= age(moment.since)
            ))
        ORDER BY m.room_id DESC
        LIMIT $3
    ) r
    CROSS JOIN LATERAL (SELECT CASE WHEN r.kind = 'group' THEN communication.avoided(r.id, r.user_id) ELSE '{}' END AS avoided OFFSET 0) apart
    LEFT JOIN communication.groups g ON g.room_id = r.id
    LEFT JOIN identity.cards card ON card.user_id = r.peer_id
) view ON true
ORDER BY view.id DESC

-- name: seen_by_members
-- Group $1 as each of its members sees it, and member $2 who has gone (null: nobody). Unread is counted for all at once: of the messages
-- after the first that anybody has not read, and of the latest 1,000, each knows how many follow, and there is no gap among them.
WITH known AS (
    SELECT m.user_id, m.role, m.joined_seq, m.read_seq, m.left_at, m.muted_until, m.left_at IS NOT NULL AS gone, apart.avoided,
        greatest(m.read_seq, room.last_seq - 1000) AS looked_after
    FROM communication.members m
    CROSS JOIN (SELECT last_seq FROM communication.rooms WHERE id = $1) room
    CROSS JOIN LATERAL (SELECT communication.avoided(m.room_id, m.user_id) AS avoided OFFSET 0) apart
    WHERE m.room_id = $1 AND (m.left_at IS NULL OR m.user_id = $2)
), said AS (
    SELECT s.seq, s.sender_id, s.deleted_at IS NULL AS stands FROM communication.messages s
    WHERE s.room_id = $1 AND s.seq > (SELECT min(looked_after) FROM known WHERE NOT gone)
), after AS (
    SELECT seq, count(*) FILTER (WHERE stands) OVER (ORDER BY seq DESC) AS messages FROM said
), passed AS (  -- one's own, and those of whom one sees nothing
    SELECT known.user_id, count(*) AS messages
    FROM known
    CROSS JOIN LATERAL (SELECT known.user_id AS sender_id UNION SELECT unnest(known.avoided)) unheard
    JOIN said ON said.sender_id = unheard.sender_id AND said.seq > known.looked_after AND said.stands
    GROUP BY known.user_id
)
SELECT
    known.user_id, known.left_at, known.muted_until, r.id, r.kind, :group, r.last_seq, r.created_at, r.ended_at, known.role, known.read_seq,
    (SELECT count(*) FROM known one WHERE NOT one.gone) AS member_count,
    coalesce(after.messages, 0) - coalesce(passed.messages, 0) + known.looked_after - known.read_seq AS unread,
    greatest(known.joined_seq, r.forgotten_seq) + 1 AS oldest_seq, latest.sender_id = ANY (known.avoided) AS apart
FROM known
JOIN communication.rooms r ON r.id = $1
LEFT JOIN communication.groups g ON g.room_id = r.id
LEFT JOIN communication.messages latest ON latest.room_id = r.id AND latest.seq = r.last_seq
LEFT JOIN after ON after.seq = known.looked_after + 1
LEFT JOIN passed ON passed.user_id = known.user_id
ORDER BY known.user_id

-- name: shared_groups
-- Groups of which both $1 and $2 are members.
SELECT r.id FROM communication.members own
JOIN communication.rooms r ON r.id = own.room_id AND r.kind = 'group' AND r.ended_at IS NULL
JOIN communication.members other ON other.room_id = r.id AND other.user_id = $2 AND other.left_at IS NULL
WHERE own.user_id = $1 AND own.left_at IS NULL

-- name: latest
-- The latest message of each of rooms $1, as their member $2 reads them, without what it is a reply to.
SELECT s.*, s.sender_id = ANY (apart.avoided) AS apart, NULL::jsonb AS replied,
    CASE WHEN s.media_id IS NOT NULL AND s.deleted_at IS NULL THEN communication.shown(s.media_id) END AS shown
FROM communication.rooms r
JOIN communication.members m ON m.room_id = r.id AND m.user_id = $2
CROSS JOIN LATERAL (:avoided) apart
JOIN communication.messages s ON s.room_id = r.id AND s.seq = r.last_seq AND s.seq > r.forgotten_seq
WHERE r.id = ANY ($1::uuid[])
