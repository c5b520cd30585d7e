-- Whom one may know.

-- name: suggestions
-- Up to $5 people whom user $1 may know, as they see them at $2, the likeliest first: after the one of rank $3 and id $4 (nulls: from
-- the first). Contacts who let themselves be found by their number, before friends of friends by how many of the latest of one's
-- friends have them among their latest: up to $6 and $7 of each half of a friendship, as each half has its index. Nobody who is a friend already, has been asked or has asked, or hides from $1.
SELECT likely.rank, likely.common, likely.contact, card.*, false AS hidden
FROM (
    SELECT known.user_id, count(*) FILTER (WHERE NOT known.contact)::int AS common, bool_or(known.contact) AS contact,
        (count(*) FILTER (WHERE NOT known.contact) + CASE WHEN bool_or(known.contact) THEN 1000000 ELSE 0 END)::int AS rank
    FROM (
        SELECT theirs.friend_id AS user_id, false AS contact
        FROM (
            (SELECT f.user_b AS id FROM social.friendships f WHERE f.user_a = $1 AND f.ended_at IS NULL ORDER BY f.id DESC LIMIT $6)
            UNION ALL
            (SELECT f.user_a FROM social.friendships f WHERE f.user_b = $1 AND f.ended_at IS NULL ORDER BY f.id DESC LIMIT $6)
        ) own
        CROSS JOIN LATERAL (
            (SELECT f.user_b AS friend_id FROM social.friendships f WHERE f.user_a = own.id AND f.ended_at IS NULL ORDER BY f.id DESC LIMIT $7)
            UNION ALL
            (SELECT f.user_a FROM social.friendships f WHERE f.user_b = own.id AND f.ended_at IS NULL ORDER BY f.id DESC LIMIT $7)
        ) theirs
        UNION ALL
        SELECT f.user_id, true FROM social.contacts_found f WHERE f.owner_id = $1
    ) known
    WHERE known.user_id <> $1
    GROUP BY known.user_id
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
    AND NOT EXISTS (SELECT FROM social.hidden_from h WHERE h.user_id = likely.user_id AND h.from_id = $1)
    AND EXISTS (SELECT FROM identity.visible_to($1, $2) seen WHERE seen.user_id = likely.user_id)
ORDER BY likely.rank DESC, likely.user_id DESC  -- as they come: whoever follows after the last is not looked at
LIMIT $5
