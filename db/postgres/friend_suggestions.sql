-- Whom one may know.

-- name: suggestions
-- Up to $5 people whom user $1 may know, as they see them at $2, the likeliest first: after the one of rank $3 and id $4 (nulls: from
-- the first). Friends of friends, by how many of the latest $6 of one's friends have them among their latest $6. Nobody who is a
-- friend already, or has been asked or has asked.
SELECT likely.rank, likely.common, card.*, false AS hidden
FROM (
    SELECT theirs.friend_id AS user_id, count(*)::int AS common, count(*)::int AS rank
    FROM (SELECT f.friend_id FROM social.friends f WHERE f.user_id = $1 ORDER BY f.id DESC LIMIT $6) own
    CROSS JOIN LATERAL (
        SELECT f.friend_id FROM social.friends f WHERE f.user_id = own.friend_id ORDER BY f.id DESC LIMIT $6
    ) theirs
    WHERE theirs.friend_id <> $1
    GROUP BY theirs.friend_id
    ORDER BY rank DESC, user_id DESC
) likely
JOIN identity.cards card ON card.user_id = likely.user_id
WHERE (likely.rank, likely.user_id) < (coalesce($3::int, 2147483647), coalesce($4::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
    AND NOT EXISTS (
        SELECT FROM social.friendships f
        WHERE f.user_a = least($1, likely.user_id) AND f.user_b = greatest($1, likely.user_id) AND f.ended_at IS NULL
    )
    AND NOT EXISTS (
        SELECT FROM social.friend_requests r
        WHERE least(r.sender_id, r.receiver_id) = least($1, likely.user_id)
            AND greatest(r.sender_id, r.receiver_id) = greatest($1, likely.user_id) AND r.state = 'open'
    )
    AND EXISTS (SELECT FROM identity.visible_to($1, $2) seen WHERE seen.user_id = likely.user_id)
ORDER BY likely.rank DESC, likely.user_id DESC  -- as they come: whoever follows after the last is not looked at
LIMIT $5
