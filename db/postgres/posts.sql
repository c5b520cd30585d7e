-- Posts and the feed. Times are passed as timestamptz.

-- name: row
-- Post `p` as user $1 sees it, with `card` of its author.
p.id, p.author_id, p.caption, p.visibility, p.like_count, p.comment_count, p.created_at, p.updated_at, p.held_at IS NOT NULL AS held,
    EXISTS (SELECT FROM social.post_likes l WHERE l.post_id = p.id AND l.user_id = $1) AS liked,
    CASE WHEN p.author_id = $1 AND p.visibility = 'selected' THEN
        ARRAY(SELECT a.user_id FROM social.post_audience a WHERE a.post_id = p.id ORDER BY a.user_id)
    END AS audience, (
        SELECT jsonb_agg(to_jsonb(m) ORDER BY own.place)
        FROM unnest(p.media_ids) WITH ORDINALITY AS own (id, place) JOIN social.media m ON m.id = own.id AND m.stored
    ) AS media,
    card.*

-- name: hidden
-- Whether user $1 has nothing to do with the author of post `p`, and so reads a name.
p.author_id <> $1 AND NOT EXISTS (
        SELECT FROM social.friendships f
        WHERE f.user_a = least($1, p.author_id) AND f.user_b = greatest($1, p.author_id) AND f.ended_at IS NULL
    ) AND NOT EXISTS (
        SELECT FROM interaction.connections c
        WHERE c.user_a = least($1, p.author_id) AND c.user_b = greatest($1, p.author_id) AND c.ended_at IS NULL
    )

-- name: feed
-- What user $1 reads at $2: the newest $4 posts before $3 (null: from the newest) of their friends, and their own. Of each friend
-- the newest one is looked up. Whoever is not among the $4 with the newest has none on this page; and nothing on it is older than
-- the oldest of these. Whether a friend may be seen is asked as they come, and so of few; authors are friends, whose cards are shown.
WITH newest AS MATERIALIZED (
    SELECT f.friend_id, n.id
    FROM (
        SELECT f.user_b AS friend_id FROM social.friendships f WHERE f.user_a = $1 AND f.ended_at IS NULL
        UNION ALL
        SELECT f.user_a FROM social.friendships f WHERE f.user_b = $1 AND f.ended_at IS NULL
    ) f
    CROSS JOIN LATERAL (
        SELECT p.id FROM social.posts p
        WHERE p.author_id = f.friend_id AND p.visibility <> 'selected' AND p.held_at IS NULL AND p.deleted_at IS NULL
            AND p.id < coalesce($3::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
        ORDER BY p.id DESC LIMIT 1
    ) n
    ORDER BY n.id DESC
), authors AS MATERIALIZED (
    SELECT n.friend_id, n.id FROM newest n
    WHERE (SELECT true FROM identity.visible_to($1, $2) seen WHERE seen.user_id = n.friend_id)
    LIMIT $4
), shown AS (
    (
        SELECT p.id FROM authors a
        CROSS JOIN LATERAL (
            SELECT p.id FROM social.posts p
            WHERE p.author_id = a.friend_id AND p.visibility <> 'selected' AND p.held_at IS NULL AND p.deleted_at IS NULL
                AND p.id < coalesce($3::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
                AND p.id >= coalesce(
                    (SELECT last.id FROM authors last ORDER BY last.id DESC OFFSET $4 - 1 LIMIT 1),
                    '00000000-0000-0000-0000-000000000000'
                )
            ORDER BY p.id DESC LIMIT $4
        ) p
        ORDER BY p.id DESC LIMIT $4
    )
    UNION
    (
        SELECT a.post_id FROM social.post_audience a
        WHERE a.user_id = $1 AND a.post_id < coalesce($3::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
            AND (SELECT true FROM social.posts_shown_to($1, $2) seen WHERE seen.post_id = a.post_id)
        ORDER BY a.post_id DESC LIMIT $4
    )
    UNION
    (
        SELECT p.id FROM social.posts p
        WHERE p.author_id = $1 AND p.deleted_at IS NULL AND p.id < coalesce($3::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
        ORDER BY p.id DESC LIMIT $4
    )
    ORDER BY 1 DESC LIMIT $4
)
SELECT :row, false AS hidden
FROM shown
CROSS JOIN LATERAL (SELECT * FROM social.posts p WHERE p.id = shown.id OFFSET 0) p
CROSS JOIN LATERAL (SELECT * FROM identity.cards card WHERE card.user_id = p.author_id OFFSET 0) card
ORDER BY p.id DESC

-- name: of_user
-- The newest $4 posts of user $5 that user $1 sees at $2, before $3 (null: from the newest).
SELECT :row, :hidden AS hidden
FROM (
    SELECT p.* FROM social.posts p
    WHERE p.author_id = $5 AND p.deleted_at IS NULL AND p.id < coalesce($3::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
        AND (SELECT true FROM social.posts_shown_to($1, $2) seen WHERE seen.post_id = p.id)
    ORDER BY p.id DESC LIMIT $4
) p
JOIN identity.cards card ON card.user_id = p.author_id
ORDER BY p.id DESC

-- name: one
-- Post $3, if user $1 sees it at $2; what is held back also if $4: they moderate.
SELECT :row, :hidden AS hidden
FROM social.posts p
JOIN identity.cards card ON card.user_id = p.author_id
WHERE p.id = $3 AND p.deleted_at IS NULL AND (
    $4 AND p.held_at IS NOT NULL
    OR EXISTS (SELECT FROM social.posts_shown_to($1, $2) seen WHERE seen.post_id = p.id)
)

-- name: locked
-- Post $3, which only this transaction changes now, and whose it is, if user $1 sees it at $2.
SELECT p.author_id, p.media_ids, p.visibility FROM social.posts p
WHERE p.id = $3 AND EXISTS (SELECT FROM social.posts_shown_to($1, $2) seen WHERE seen.post_id = p.id)
FOR NO KEY UPDATE OF p

-- name: attach
-- Post $1 of $2 uses media $3 from $4 on, and they stay. A row for each that was theirs for a post, ready, and not used before.
UPDATE social.media SET used_for = $1, used_at = $4, expires_at = NULL
WHERE id = ANY ($3::uuid[]) AND owner_id = $2 AND purpose = 'post' AND state = 'ready' AND stored AND used_at IS NULL
    AND (expires_at IS NULL OR expires_at > $4)
RETURNING id

-- name: unusable
-- Those of media $1 that $2 has not uploaded for a post, or that are not there at $3 any more.
SELECT given.id FROM unnest($1::uuid[]) AS given (id)
WHERE NOT EXISTS (
    SELECT FROM social.media m
    WHERE m.id = given.id AND m.owner_id = $2 AND m.purpose = 'post' AND m.stored AND (m.expires_at IS NULL OR m.expires_at > $3)
        AND NOT social.is_gone(m.id)
)

-- name: let_go
-- Media $2 of post $1 are deleted at $3, unless evidence of a report is kept in which they are.
UPDATE social.media SET expires_at = $3
WHERE id = ANY ($2::uuid[]) AND used_for = $1 AND expires_at IS NULL AND NOT :needed

-- name: needed
-- A condition: evidence of a report of post $1 is kept.
EXISTS (
    SELECT FROM interaction.reports r WHERE r.subject_type = 'post' AND r.subject_id = $1 AND r.evidence IS NOT NULL
)

-- name: add
-- Post $1 of $2 with media $3, caption $4 and visibility $5, at $6.
INSERT INTO social.posts (id, author_id, media_ids, caption, visibility, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $6)

-- name: change
-- Post $1 has media $2, caption $3 if $4, and visibility $5 from $6 on: what moderators have passed was another.
UPDATE social.posts
SET media_ids = $2, caption = CASE WHEN $4 THEN $3 ELSE caption END, visibility = $5, updated_at = greatest(updated_at, $6),
    passed_at = NULL
WHERE id = $1

-- name: choose
-- Post $1 of $2 is for friends $3, and for nobody else. A row for each that is a friend.
WITH gone AS (
    DELETE FROM social.post_audience WHERE post_id = $1 AND user_id <> ALL ($3::uuid[])
), chosen AS (
    SELECT given.id FROM unnest($3::uuid[]) AS given (id)
    WHERE EXISTS (
        SELECT FROM social.friendships f
        WHERE f.user_a = least($2, given.id) AND f.user_b = greatest($2, given.id) AND f.ended_at IS NULL
    )
), added AS (
    INSERT INTO social.post_audience (user_id, post_id) SELECT c.id, $1 FROM chosen c ON CONFLICT DO NOTHING
)
SELECT id FROM chosen

-- name: delete
-- Post $1 is deleted at $2.
UPDATE social.posts SET deleted_at = $2, caption = NULL WHERE id = $1

-- name: counts
-- The counts of posts $1, each with those of users $2 who see it at $3; place by place.
SELECT p.id, p.like_count, p.comment_count, array_agg(asked.user_id) AS seen_by
FROM unnest($1::uuid[], $2::uuid[]) AS asked (post_id, user_id)
JOIN social.posts p ON p.id = asked.post_id
WHERE EXISTS (SELECT FROM social.posts_shown_to(asked.user_id, $3) seen WHERE seen.post_id = p.id)
GROUP BY p.id

-- name: forget
-- Drop up to $2 posts that were deleted before $1, with all that was said about them, and their pictures at $1; not those of which
-- evidence is kept.
WITH due AS MATERIALIZED (
    SELECT p.id, p.media_ids FROM social.posts p
    WHERE p.deleted_at < $1 AND NOT EXISTS (
        SELECT FROM interaction.reports r WHERE r.subject_type = 'post' AND r.subject_id = p.id AND r.evidence IS NOT NULL
    )
    ORDER BY p.deleted_at LIMIT $2 FOR UPDATE SKIP LOCKED
), media AS (
    UPDATE social.media m SET expires_at = $1 FROM due WHERE m.used_for = due.id AND m.purpose = 'post' AND m.expires_at IS NULL
), likes AS (
    DELETE FROM social.post_likes l USING due WHERE l.post_id = due.id
), comments AS (
    DELETE FROM social.comments c USING due WHERE c.post_id = due.id
), audience AS (
    DELETE FROM social.post_audience a USING due WHERE a.post_id = due.id
)
DELETE FROM social.posts p USING due WHERE p.id = due.id
RETURNING 1
