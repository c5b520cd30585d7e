-- Who likes which post. Times are passed as timestamptz. Counts are kept by triggers (migration `posts`).

-- name: like
-- User $1 likes post $3 from $2 on. Whose it is, and whether that is new; no row: they do not see it.
WITH seen AS MATERIALIZED (
    SELECT p.id, p.author_id FROM social.posts p
    WHERE p.id = $3 AND EXISTS (SELECT FROM social.posts_shown_to($1, $2) shown WHERE shown.post_id = p.id)
), liked AS (
    INSERT INTO social.post_likes (post_id, user_id, created_at) SELECT seen.id, $1, $2 FROM seen
    ON CONFLICT DO NOTHING
    RETURNING post_id
)
SELECT seen.author_id, EXISTS (SELECT FROM liked) AS new FROM seen

-- name: unlike
-- User $1 does not like post $3 at $2. Whether they did, and whether they see it.
WITH gone AS (DELETE FROM social.post_likes WHERE post_id = $3 AND user_id = $1 RETURNING post_id)
SELECT EXISTS (SELECT FROM gone) AS did,
    EXISTS (SELECT FROM social.posts_shown_to($1, $2) shown WHERE shown.post_id = $3) AS sees

-- name: page
-- Those who like post $3, as user $1 may see them at $2, the latest $6 first: before the like at $4 of user $5 (nulls: from the
-- latest). No row: $1 does not see the post. One of nulls: nobody.
SELECT one.*
FROM social.posts_shown_to($1, $2) shown
LEFT JOIN LATERAL (
    SELECT l.created_at, card.*, card.user_id <> $1 AND NOT EXISTS (
        SELECT FROM social.friendships f
        WHERE f.user_a = least($1, card.user_id) AND f.user_b = greatest($1, card.user_id) AND f.ended_at IS NULL
    ) AND NOT EXISTS (
        SELECT FROM interaction.connections c
        WHERE c.user_a = least($1, card.user_id) AND c.user_b = greatest($1, card.user_id) AND c.ended_at IS NULL
    ) AS hidden
    FROM (
        SELECT l.user_id, l.created_at FROM social.post_likes l
        WHERE l.post_id = $3 AND (l.created_at, l.user_id)
                < (coalesce($4::timestamptz, 'infinity'), coalesce($5::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
            AND (SELECT true FROM identity.visible_to($1, $2) seen WHERE seen.user_id = l.user_id)
        ORDER BY l.created_at DESC, l.user_id DESC LIMIT $6
    ) l
    JOIN identity.cards card ON card.user_id = l.user_id
) one ON true
WHERE shown.post_id = $3
ORDER BY one.created_at DESC, one.user_id DESC
