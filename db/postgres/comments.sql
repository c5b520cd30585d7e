-- Comments on posts. Times are passed as timestamptz. Counts are kept by triggers (migration `posts`), which also take answers along.

-- name: row
-- Comment `c` as user $1 sees it, with `card` of its author: of somebody with whom they have nothing to do, the name.
c.id, c.post_id, c.author_id, c.reply_to, c.content, c.created_at, c.edited_at, c.held_at IS NOT NULL AS held,
    card.*, c.author_id <> $1 AND NOT EXISTS (
        SELECT FROM social.friendships f
        WHERE f.user_a = least($1, c.author_id) AND f.user_b = greatest($1, c.author_id) AND f.ended_at IS NULL
    ) AND NOT EXISTS (
        SELECT FROM interaction.connections l
        WHERE l.user_a = least($1, c.author_id) AND l.user_b = greatest($1, c.author_id) AND l.ended_at IS NULL
    ) AS hidden

-- name: page
-- The oldest $5 comments on post $3 that user $1 sees at $2, after $4 (null: from the first). No row: they do not see the post. One
-- of nulls: nothing was said.
SELECT one.*
FROM social.posts_shown_to($1, $2) shown
LEFT JOIN LATERAL (
    SELECT :row
    FROM (
        SELECT c.* FROM social.comments c
        WHERE c.post_id = $3 AND c.id > coalesce($4::uuid, '00000000-0000-0000-0000-000000000000')
            AND (SELECT true FROM social.comments_shown_to($1, $2) seen WHERE seen.comment_id = c.id)
        ORDER BY c.id LIMIT $5
    ) c
    JOIN identity.cards card ON card.user_id = c.author_id
) one ON true
WHERE shown.post_id = $3
ORDER BY one.id

-- name: one
-- Comment $3, if user $1 sees it at $2.
SELECT :row
FROM social.comments c
JOIN identity.cards card ON card.user_id = c.author_id
WHERE c.id = $3 AND EXISTS (SELECT FROM social.comments_shown_to($1, $2) seen WHERE seen.comment_id = c.id)
    AND EXISTS (SELECT FROM social.posts_shown_to($1, $2) shown WHERE shown.post_id = c.post_id)

-- name: about
-- Whose post $3 is, if user $1 sees it at $2.
SELECT p.author_id FROM social.posts p
WHERE p.id = $3 AND EXISTS (SELECT FROM social.posts_shown_to($1, $2) shown WHERE shown.post_id = p.id)

-- name: answered
-- Comment $4 on post $3, if user $1 sees it at $2, which stays until this transaction is over; whose it is, whether it answers one
-- itself, and whether its author still sees the post.
SELECT c.author_id, c.reply_to IS NOT NULL AS answers, EXISTS (
    SELECT FROM social.posts_shown_to(c.author_id, $2) shown WHERE shown.post_id = $3
) AS hears
FROM social.comments c
WHERE c.id = $4 AND c.post_id = $3 AND EXISTS (SELECT FROM social.comments_shown_to($1, $2) seen WHERE seen.comment_id = c.id)
FOR SHARE OF c

-- name: add
-- Comment $1 of $2 on post $3, which answers $4 (null: none): $5, at $6.
INSERT INTO social.comments (id, author_id, post_id, reply_to, content, created_at) VALUES ($1, $2, $3, $4, $5, $6)

-- name: change
-- Comment $1 says $2 since $3: what moderators have passed was something else.
UPDATE social.comments SET content = $2, edited_at = $3, passed_at = NULL WHERE id = $1 AND deleted_at IS NULL

-- name: whose
-- Whose comment $1 is, if it and its post are there, and whose the post is; only this transaction changes it now.
SELECT c.author_id, c.post_id, p.author_id AS host_id
FROM social.comments c JOIN social.posts p ON p.id = c.post_id AND p.deleted_at IS NULL
WHERE c.id = $1 AND c.deleted_at IS NULL
FOR NO KEY UPDATE OF c

-- name: delete
-- Comment $1 is deleted at $2.
UPDATE social.comments SET content = NULL, deleted_at = $2 WHERE id = $1 AND deleted_at IS NULL

-- name: forget
-- Drop up to $2 comments that were deleted before $1, with what answered them, which was deleted with them.
WITH due AS MATERIALIZED (
    SELECT c.id FROM social.comments c WHERE c.deleted_at < $1 ORDER BY c.deleted_at LIMIT $2 FOR UPDATE SKIP LOCKED
), answers AS (
    DELETE FROM social.comments c USING due WHERE c.reply_to = due.id AND c.id NOT IN (SELECT d.id FROM due d)
)
DELETE FROM social.comments c USING due WHERE c.id = due.id
RETURNING 1
