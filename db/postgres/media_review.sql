-- Media that strangers see, for moderators. Times are passed as timestamptz.

-- name: waits
-- A condition: a moderator has to look at media `m`. Its scanner was not sure, or did not answer; there was none, and it is shown; it
-- looks like one that was removed; or its removal was undone. The index `media_to_review` has the same words.
m.decided_at IS NULL AND m.stored AND m.used_at IS NOT NULL AND m.purpose IN ('photo', 'post', 'place')
    AND ((m.state = 'processing' AND m.scan_at IS NULL) OR (m.state = 'ready' AND m.scans = 0))

-- name: row
-- Media `m` with whose it is.
SELECT m.id, m.owner_id, m.type, m.state, m.reason, m.resembles, m.created_at, m.width, m.height, m.duration_ms, m.blurhash,
    m.decided_by, m.decided_at, m.fault, m.note, u.role, coalesce(p.display_name, '') AS display_name, (:waits) AS waits
FROM social.media m
JOIN identity.users u ON u.id = m.owner_id
LEFT JOIN identity.profiles p ON p.user_id = u.id

-- name: theirs
-- A condition: moderator $1 may decide on media of user `u`: not on their own, nor a moderator on those of an admin.
u.id <> $1 AND (
    u.role <> 'admin' OR EXISTS (SELECT FROM identity.users me WHERE me.id = $1 AND me.role = 'admin')
)

-- name: queue
-- Those that wait at $4 for $1, the oldest first, after $2 (null: from the first), at most $3. Of people who are banned or gone
-- nobody sees any.
:row
WHERE :waits AND :theirs AND m.id > coalesce($2::uuid, '00000000-0000-0000-0000-000000000000')
    AND (m.expires_at IS NULL OR m.expires_at > $4) AND u.deleted_at IS NULL
    AND NOT EXISTS (SELECT FROM identity.banned($4) b WHERE b.user_id = u.id)
ORDER BY m.id LIMIT $3

-- name: of_user
-- The same of all that user $5 shows, decided or not.
:row
WHERE m.owner_id = $5 AND :theirs AND m.id > coalesce($2::uuid, '00000000-0000-0000-0000-000000000000')
    AND m.stored AND m.used_at IS NOT NULL AND m.purpose IN ('photo', 'post', 'place') AND (m.expires_at IS NULL OR m.expires_at > $4)
ORDER BY m.id LIMIT $3

-- name: one
-- Media $2, if it is there at $3 and $1 may decide on it: nobody decides on evidence, nor on what two people share.
:row
WHERE m.id = $2 AND :theirs AND m.stored AND m.purpose IN ('photo', 'post', 'place') AND (m.expires_at IS NULL OR m.expires_at > $3)

-- name: lock
-- Media $1, which only this transaction changes now, and the post in which it is, if it is in one.
SELECT CASE WHEN purpose = 'post' THEN used_for END FROM social.media WHERE id = $1 FOR UPDATE

-- name: pass
-- $2 has passed media $1 at $3, with note $4: others see it.
UPDATE social.media
SET state = 'ready', reason = NULL, scan_at = NULL, decided_by = $2, decided_at = $3, note = $4, fault = NULL
WHERE id = $1

-- name: remove
-- $2 has removed media $1 at $3, with note $4, for $5, which its owner reads as $6: nobody else sees it any more, and it is known
-- again by its difference hash.
WITH removed AS (
    UPDATE social.media
    SET state = 'refused', reason = $6, scan_at = NULL, decided_by = $2, decided_at = $3, note = $4, fault = $5
    WHERE id = $1
    RETURNING id, hash
)
INSERT INTO safety.removed_pictures (media_id, hash, removed_at)
SELECT id, hash, $3 FROM removed WHERE hash IS NOT NULL
ON CONFLICT (media_id) DO NOTHING

-- name: undo
-- Media $1 waits for another decision, and is not known again any more.
WITH forgotten AS (DELETE FROM safety.removed_pictures WHERE media_id = $1)
UPDATE social.media
SET state = 'processing', reason = NULL, scan_at = NULL, decided_by = NULL, decided_at = NULL, note = NULL, fault = NULL
WHERE id = $1
