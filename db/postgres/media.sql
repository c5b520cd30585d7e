-- The record of media. Times are passed as timestamptz. What has expired is not there, for whoever asks.

-- name: columns
-- What is known of a media.
id, owner_id, purpose, type, state, reason, size, width, height, key, key_id, used_at, content_type, renditions, hash, blurhash,
duration_ms, waveform, name

-- name: begin
-- A new media $1 of $2 for $3, of type $4, called $12, in state $5, of $6 bytes of type $11, made at $7, whose object is to be $8, encrypted
-- by $9. Until the object is stored, it is deleted at $10. No row: the owner is banned, or was erased, since they began to send it.
INSERT INTO social.media (id, owner_id, purpose, type, state, size, created_at, key, key_id, expires_at, content_type, name)
SELECT $1, u.id, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12
FROM identity.users u
WHERE u.id = $2 AND u.deleted_at IS NULL AND NOT EXISTS (SELECT FROM identity.banned($7) b WHERE b.user_id = u.id)
RETURNING id

-- name: announced
-- Media $1, which was announced and is to be uploaded still at $2.
SELECT :columns FROM social.media WHERE id = $1 AND NOT stored AND expires_at > $2

-- name: stored
-- The objects of media $1 are there: it is of type $3, in state $4 for reason $14, of $5 bytes of type $9, $6 by $7 pixels, with
-- difference hash $8, renditions $10, blurhash $11, of $12 ms with waveform $16. Unless it is used, it is deleted at $2. What is `processing` is to be
-- scanned at once, which is $13, and only a file keeps its name; not what looks like the removed picture $15, on which a moderator decides. No row: it has been
-- deleted, or stored, meanwhile.
UPDATE social.media
SET stored = true, expires_at = $2, type = $3, state = $4, size = $5, width = $6, height = $7, hash = $8, content_type = $9,
    renditions = $10, blurhash = $11, duration_ms = $12, waveform = $16, reason = $14,
    name = CASE WHEN $3 = 'file' THEN name END,
    resembles = $15, scan_at = CASE WHEN $4 = 'processing' AND $15::uuid IS NULL THEN $13::timestamptz END
WHERE id = $1 AND NOT stored
RETURNING id

-- name: add_renditions
-- Of media $1 there are also $2, if it is there at $3. No row: it is not.
UPDATE social.media SET renditions = ARRAY(SELECT DISTINCT unnest(renditions || $2::text[]))
WHERE id = $1 AND stored AND (expires_at IS NULL OR expires_at > $3)
RETURNING id

-- name: removed_before
-- A picture that moderators have removed and whose difference hash differs from $1 in at most $2 bits: of user $3 (`own`), or else
-- the last one.
SELECT r.media_id, m.id IS NOT NULL AS own
FROM safety.removed_pictures r LEFT JOIN social.media m ON m.id = r.media_id AND m.owner_id = $3
WHERE bit_count((r.hash # $1::bigint)::bit(64)) <= $2
ORDER BY own DESC, r.removed_at DESC LIMIT 1

-- name: find
-- Media $1, if it is there at $2; `gone`: to its owner it is not any more.
SELECT :columns, social.is_gone(id) AS gone FROM social.media WHERE id = $1 AND stored AND (expires_at IS NULL OR expires_at > $2)

-- name: in_a_post_shown
-- Whether media $3 is in a post that user $1 sees at $2.
SELECT EXISTS (
    SELECT FROM social.posts_shown_to($1, $2) shown
    WHERE shown.post_id = (SELECT m.used_for FROM social.media m WHERE m.id = $3 AND m.purpose = 'post')
)

-- name: shown_file
-- Media $1, if it is there at $2 and some may be shown it: no evidence, not refused, its owner neither banned nor erased; nor what
-- only evidence keeps.
SELECT :columns FROM social.media
WHERE id = $1 AND stored AND (expires_at IS NULL OR expires_at > $2) AND purpose <> 'report' AND state <> 'refused'
    AND EXISTS (SELECT FROM identity.users u WHERE u.id = owner_id AND u.deleted_at IS NULL)
    AND NOT EXISTS (SELECT FROM identity.banned($2) b WHERE b.user_id = owner_id)
    AND NOT social.is_gone(id)

-- name: let_go
-- Delete, at $3, media $1 of owner $2, unless it is evidence, or in a post or message; it leaves their profile too. The object that is to be deleted; no
-- row: there is none.
WITH gone AS (
    UPDATE social.media SET expires_at = $3
    WHERE id = $1 AND owner_id = $2 AND (used_at IS NULL OR purpose NOT IN ('report', 'post', 'chat')) AND stored
        AND (expires_at IS NULL OR expires_at > $3)
    RETURNING key
), hidden AS (
    UPDATE identity.profiles
    SET photo_ids = array_remove(photo_ids, $1), video_ids = array_remove(video_ids, $1), version = version + 1,
        updated_at = greatest(updated_at, $3)
    WHERE user_id = $2 AND $1 = ANY (photo_ids || video_ids) AND EXISTS (SELECT FROM gone)
)
SELECT key FROM gone

-- name: shown_in_a_room
-- Whether user $2 reads a message that shows media $1.
SELECT EXISTS (
    SELECT FROM communication.messages s
    JOIN communication.members m ON m.room_id = s.room_id AND m.user_id = $2 AND m.left_at IS NULL AND m.joined_seq < s.seq
    JOIN communication.rooms r ON r.id = s.room_id
    WHERE s.media_id = $1 AND s.deleted_at IS NULL
        AND (r.kind = 'direct' OR s.sender_id <> ALL (communication.avoided(r.id, m.user_id)))
)

-- name: usable
-- Whether media $1 is a picture that $2 has uploaded for a report, and nothing but $3 has used, at $4.
SELECT EXISTS (
    SELECT FROM social.media
    WHERE id = $1 AND owner_id = $2 AND purpose = 'report' AND state = 'ready' AND stored
        AND (used_for = $3 OR (used_at IS NULL AND expires_at > $4))
)

-- name: use
-- $3 uses media $1 of $2 from $4 on, and it stays. A row: it was usable.
UPDATE social.media SET used_for = $3, used_at = $4, expires_at = NULL
WHERE id = $1 AND owner_id = $2 AND purpose = 'report' AND state = 'ready' AND stored AND used_at IS NULL AND expires_at > $4
RETURNING id

-- name: free
-- Media $1 (ids), which were used, are deleted at $2.
UPDATE social.media SET expires_at = $2 WHERE id = ANY ($1) AND used_at IS NOT NULL AND expires_at IS NULL

-- name: to_scan
-- At most $3 pictures that are to be scanned at $1. Each is due again at $2, or later by twice as long for each attempt before,
-- and after $4 attempts no more.
UPDATE social.media
SET scans = scans + 1, scan_at = CASE WHEN scans + 1 < $4 THEN $1::timestamptz + ($2::timestamptz - $1::timestamptz) * 2 ^ scans END
WHERE id IN (
    SELECT m.id FROM social.media m
    WHERE m.scan_at <= $1 AND m.stored AND m.state = 'processing'
    ORDER BY m.scan_at LIMIT $3 FOR UPDATE SKIP LOCKED
)
RETURNING :columns

-- name: judge
-- Media $1 is $2, for reason $3; while it is still `processing`, a moderator decides.
UPDATE social.media SET state = $2, reason = $3, scan_at = NULL WHERE id = $1 AND state = 'processing'

-- name: due
-- At most $2 objects whose media have expired at $1.
SELECT id, key FROM social.media WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2

-- name: delete
-- The objects of these media $1, which have expired at $2, are gone.
DELETE FROM social.media WHERE id = ANY ($1) AND expires_at <= $2

-- name: unknown
-- Which of these objects $1 belong to no media, and to no copy of somebody's own data: a rendition is called as its original with a name behind a dot. What was sent
-- (`.sent`) belongs to one that is not stored.
SELECT given.name FROM unnest($1::text[]) AS given (name)
WHERE NOT EXISTS (
    SELECT FROM social.media m
    WHERE m.key = split_part(given.name, '.', 1) AND NOT (m.stored AND given.name LIKE '%.sent')
) AND NOT EXISTS (SELECT FROM identity.exports e WHERE e.key = given.name)

-- name: is_moderator
-- Whether user $1 sees at $2 what moderators see.
SELECT EXISTS (
    SELECT FROM identity.users u
    WHERE u.id = $1 AND u.role IN ('moderator', 'admin') AND u.deleted_at IS NULL
        AND NOT EXISTS (SELECT FROM identity.banned($2) b WHERE b.user_id = u.id)
)
