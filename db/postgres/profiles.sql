-- Profiles: one's own, and what others may see of them. Times are passed as timestamptz.

-- own: me
-- Everything that is a user's own; `erases_at`: when their account is to be erased.
SELECT u.id, u.email, u.username, u.role, u.created_at, u.verified_at, u.email_verified_at, p.*,
    (SELECT e.erases_at FROM identity.erasures e WHERE e.user_id = u.id) AS erases_at,
    EXISTS (SELECT FROM identity.logins l WHERE l.user_id = u.id AND l.provider = 'phone') AS has_phone, (
    SELECT jsonb_agg(to_jsonb(own) ORDER BY own.place) FROM (  -- as social.profile_media, to which all rows are shown
        SELECT shown.place, m.id, m.owner_id, m.purpose, m.type, m.state, m.reason, m.size, m.width, m.height, m.key, m.key_id,
            m.content_type, m.renditions, m.blurhash, m.duration_ms, m.hash
        FROM unnest(p.photo_ids || p.video_ids) WITH ORDINALITY AS shown (id, place)
        JOIN social.media m ON m.id = shown.id AND m.stored
    ) own
) AS media
FROM identity.users u JOIN identity.profiles p ON p.user_id = u.id
WHERE u.id = $1 AND u.deleted_at IS NULL

-- own: change
-- Write the profile over version $2; photos $13 and videos $14, null: as they are. No row: it has changed since.
UPDATE identity.profiles
SET display_name = $3, intent = $4, languages = $5, country = $6, city = $7, bio = $8, seeking_genders = $9,
    seeking_age_min = $10, seeking_age_max = $11, photo_ids = coalesce($13::uuid[], photo_ids),
    video_ids = coalesce($14::uuid[], video_ids), study_focus = $15, version = version + 1, updated_at = greatest(updated_at, $12)
WHERE user_id = $1 AND version = $2
RETURNING user_id

-- own: show
-- From $4 on media $2 of type $3 are in the profile of $1, and stay. A row for each that is theirs and was not refused before.
UPDATE social.media SET used_for = $1, used_at = coalesce(used_at, $4), expires_at = NULL
WHERE id = ANY ($2::uuid[]) AND owner_id = $1 AND purpose = 'photo' AND type = $3 AND stored
    AND (state <> 'refused' OR used_at IS NOT NULL) AND (expires_at IS NULL OR expires_at > $4)
RETURNING id

-- own: hide
-- What was in the profile of $1 and is not any more is deleted at $2; not what a group shows.
UPDATE social.media m SET expires_at = $2
WHERE m.owner_id = $1 AND m.purpose = 'photo' AND coalesce(m.used_for, m.owner_id) = m.owner_id AND m.used_at IS NOT NULL AND m.expires_at IS NULL AND NOT EXISTS (
    SELECT FROM identity.profiles p WHERE p.user_id = $1 AND m.id = ANY (p.photo_ids || p.video_ids)
)

-- name: found
-- Cards of up to $5 people as user $1 may see them at $2, with ids below $4 (null: any), newest first, whose names have all words
-- of $3, the last one as the beginning of a word. Of those alone who let themselves be found, `social.found` says how many, and do
-- not hide from who looks.
SELECT card.*, false AS hidden
FROM (
    SELECT found.user_id FROM social.found($3) found
    WHERE found.user_id < coalesce($4::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
    ORDER BY found.user_id DESC
) f
JOIN identity.cards card ON card.user_id = f.user_id
WHERE NOT EXISTS (SELECT FROM social.hidden_from h WHERE h.user_id = f.user_id AND h.from_id = $1)
    AND EXISTS (SELECT FROM identity.visible_to($1, $2) seen WHERE seen.user_id = f.user_id)
ORDER BY f.user_id DESC  -- as they come: whoever follows after the last is not looked at
LIMIT $5

-- name: both_values
-- Values of user $2 and of user $1, as $2 may know of them at $3: visible, and a friend or connected. No row: they are not.
SELECT (
    SELECT jsonb_agg(to_jsonb(v) ORDER BY v.place) FROM identity.user_values v WHERE v.user_id = $2
) AS own, (
    SELECT jsonb_agg(to_jsonb(v) ORDER BY v.place) FROM identity.user_values v WHERE v.user_id = $1
) AS theirs
FROM identity.visible_to($2, $3) seen
WHERE seen.user_id = $1 AND (EXISTS (
    SELECT FROM interaction.connections c
    WHERE c.user_a = least($1::uuid, $2::uuid) AND c.user_b = greatest($1, $2) AND c.ended_at IS NULL
) OR EXISTS (
    SELECT FROM social.friendships f
    WHERE f.user_a = least($1, $2) AND f.user_b = greatest($1, $2) AND f.ended_at IS NULL
))

-- name: visible_card
-- Card of user $1 as user $2 may see it at $3: visible, and oneself, one whom they have met in a call that was answered, a friend,
-- one who has asked them to be one, or whom they find by name or by their number. No row: $2 may not see $1, or there is no such user.
SELECT card.*, false AS hidden, (
    SELECT jsonb_agg(to_jsonb(own) ORDER BY own.place) FROM social.profile_media own WHERE own.user_id = $1
) AS media
FROM identity.cards card
JOIN identity.visible_to($2, $3) seen ON seen.user_id = card.user_id
WHERE card.user_id = $1 AND ($1 = $2 OR EXISTS (
    SELECT FROM interaction.call_participants own
    JOIN interaction.call_participants peer ON peer.call_id = own.call_id AND peer.user_id = $1
    JOIN interaction.calls c ON c.id = own.call_id
    WHERE own.user_id = $2 AND c.started_at IS NOT NULL
) OR EXISTS (
    SELECT FROM social.friendships f
    WHERE f.user_a = least($1, $2) AND f.user_b = greatest($1, $2) AND f.ended_at IS NULL
) OR EXISTS (
    SELECT FROM social.findable f WHERE f.user_id = $1
        AND NOT EXISTS (SELECT FROM social.hidden_from h WHERE h.user_id = $1 AND h.from_id = $2)
) OR EXISTS (
    SELECT FROM social.contacts_found f WHERE f.owner_id = $2 AND f.user_id = $1
) OR EXISTS (
    SELECT FROM social.friend_requests r WHERE r.receiver_id = $2 AND r.sender_id = $1 AND r.state = 'open'
))
