-- Notifications. What the functions promise is said where they are made (0040_notifications.sql).

-- name: notify
-- Store notification $1 (a JSON object by column) for user $2, always if $3; gives the id under which it is kept, and whether
-- it goes out to devices or by mail too. No id: they do not want to be told of this kind.
SELECT told.id, :goes_out AS goes_out
FROM social.notify(jsonb_populate_record(NULL::social.notifications, $1), $3) AS told (id)
LEFT JOIN identity.settings own ON own.user_id = $2

-- name: goes_out
-- A condition: whether what user $1 is told goes out; `own` are their settings.
(
    EXISTS (SELECT FROM identity.devices d WHERE d.user_id = $1) AND coalesce((own.notifications ->> 'push')::boolean, true)
    OR coalesce((own.notifications ->> 'email')::boolean, false)
)

-- own: page
-- What user $1 is shown at $2, newest first, before the one renewed at $3 with id $4 (nulls: from the newest), at most $5. The same as
-- `social.shown_notifications`, which needs to see others.
SELECT n.*, about.name
FROM social.notifications n
CROSS JOIN LATERAL (SELECT identity.name_shown_to_me(n.about_id, $2) AS name OFFSET 0) about
WHERE n.user_id = $1 AND (n.expires_at IS NULL OR n.expires_at > $2) AND (n.about_id IS NULL OR about.name IS NOT NULL)
    AND (n.created_at, n.id) < (coalesce($3::timestamptz, 'infinity'), coalesce($4::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
ORDER BY n.created_at DESC, n.id DESC
LIMIT $5

-- own: page_of_unread
-- The same of what has not been read.
SELECT n.*, about.name
FROM social.notifications n
CROSS JOIN LATERAL (SELECT identity.name_shown_to_me(n.about_id, $2) AS name OFFSET 0) about
WHERE n.user_id = $1 AND (n.expires_at IS NULL OR n.expires_at > $2) AND (n.about_id IS NULL OR about.name IS NOT NULL)
    AND n.read_at IS NULL
    AND (n.created_at, n.id) < (coalesce($3::timestamptz, 'infinity'), coalesce($4::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
ORDER BY n.created_at DESC, n.id DESC
LIMIT $5

-- own: delivered
-- A device has these of user $1 since $3. It waits for nobody, as it holds no lane: what somebody changes just now is passed over.
UPDATE social.notifications SET delivered_at = $3
WHERE user_id = $1 AND id IN (
    SELECT n.id FROM social.notifications n
    WHERE n.id = ANY ($2::uuid[]) AND n.user_id = $1 AND n.delivered_at IS NULL
    FOR NO KEY UPDATE SKIP LOCKED
)

-- name: unread
-- How many wait to be read by user $1 at $2.
SELECT social.unread_notifications($1, $2)

-- name: unread_about
-- What user $1 has not read that is about user $2.
SELECT id FROM social.notifications WHERE about_id = $2 AND user_id = $1 AND read_at IS NULL

-- own: read
-- User $1 has read these ($2; null: all) at $3: which had not been before (null: none), and their number in the lane.
SELECT number, ids_read FROM social.read_notifications($1, $2, $3)

-- name: to_announce
-- These as they are shown at $2 to whom they are for, with how many wait to be read by each.
SELECT n.*, p.display_name AS name, told.unread
FROM (
    SELECT user_id, social.unread_notifications(user_id, $2) AS unread
    FROM (SELECT DISTINCT user_id FROM social.notifications WHERE id = ANY ($1::uuid[])) AS users
) AS told
CROSS JOIN LATERAL social.shown_notifications(told.user_id, $2) n
LEFT JOIN identity.profiles p ON p.user_id = n.about_id
WHERE n.id = ANY ($1::uuid[])

-- name: read_lately
-- For each of users $1 how many wait to be read at $2, and what was read since $3, no more than 500.
SELECT
    asked.user_id, social.unread_notifications(asked.user_id, $2) AS unread,
    ARRAY(
        SELECT n.id FROM social.notifications n
        WHERE n.user_id = asked.user_id AND n.read_at >= $3 ORDER BY n.created_at DESC LIMIT 500
    ) AS ids
FROM unnest($1::uuid[]) AS asked (user_id)

-- name: to_send
-- Notification $1 of user $2 as it goes out at $3: not any more once it has been read. When it may not, and to which address.
SELECT n.*, p.display_name AS name, own.time_zone, own.notifications AS settings, own.language,
    CASE WHEN u.email_verified_at IS NOT NULL THEN u.email END AS email
FROM social.shown_notifications($2, $3) n
JOIN identity.users u ON u.id = n.user_id AND u.deleted_at IS NULL
LEFT JOIN identity.profiles p ON p.user_id = n.about_id
LEFT JOIN identity.settings own ON own.user_id = n.user_id
WHERE n.id = $1 AND n.read_at IS NULL

-- name: to_mail
-- Those of user $2 from $1 on that have not been read, as they go out at $3, the newest first.
SELECT n.*, p.display_name AS name, own.time_zone, own.notifications AS settings, own.language,
    CASE WHEN u.email_verified_at IS NOT NULL THEN u.email END AS email
FROM social.shown_notifications($2, $3) n
JOIN identity.users u ON u.id = n.user_id AND u.deleted_at IS NULL
LEFT JOIN identity.profiles p ON p.user_id = n.about_id
LEFT JOIN identity.settings own ON own.user_id = n.user_id
WHERE n.created_at >= $1 AND n.read_at IS NULL
ORDER BY n.created_at DESC, n.id DESC
LIMIT 50

-- name: keep_quarters
-- Make the parts of the quarter of $1 and of the two after it.
SELECT social.make_quarter(date_trunc('quarter', $1::timestamptz AT TIME ZONE 'UTC') + n * interval '3 months') AS made
FROM generate_series(0, 2) AS n

-- name: drop_quarters
-- Drop the parts of quarters that were over before $1.
SELECT social.drop_quarters($1)
