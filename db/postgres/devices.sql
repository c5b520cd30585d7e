-- Devices to push to.

-- name: elsewhere
-- Whoever had the device that is reached by token $3 or at endpoint $4 before, as another than device $2 of user $1, has it no longer.
DELETE FROM identity.devices
WHERE (token = $3 OR subscription ->> 'endpoint' = $4) AND (user_id, device_id) <> ($1, $2)

-- own: put
-- Device $2 of user $1 is reached so, as long as session $3 lasts. It is now $7.
INSERT INTO identity.devices (user_id, device_id, session_id, platform, token, subscription, updated_at)
SELECT $1, $2, s.id, $4, $5, $6, $7 FROM identity.sessions s WHERE s.id = $3 AND s.user_id = $1 AND s.revoked_at IS NULL
ON CONFLICT (user_id, device_id) DO UPDATE
SET session_id = excluded.session_id, platform = excluded.platform, token = excluded.token,
    subscription = excluded.subscription, updated_at = excluded.updated_at

-- own: crowded_out
-- Forget those of user $1 but the $2 named last.
DELETE FROM identity.devices WHERE user_id = $1 AND device_id IN (
    SELECT device_id FROM identity.devices WHERE user_id = $1 ORDER BY updated_at DESC, device_id OFFSET $2
)

-- own: delete
-- Forget device $2 of user $1.
DELETE FROM identity.devices WHERE user_id = $1 AND device_id = $2

-- name: forget
-- Device $2 of user $1, if it is still reached by token $3, or at endpoint $4.
DELETE FROM identity.devices
WHERE user_id = $1 AND device_id = $2 AND (token = $3 OR subscription ->> 'endpoint' = $4)

-- name: refused
-- The push service has refused once more what was for device $2 of user $1, if it is still reached by token $3, or at endpoint $4. It is now $5.
UPDATE identity.devices SET refused = refused + 1, refused_since = coalesce(refused_since, $5)
WHERE user_id = $1 AND device_id = $2 AND (token = $3 OR subscription ->> 'endpoint' = $4)
RETURNING refused, refused_since

-- name: welcome
-- The push service takes what is for device $2 of user $1.
UPDATE identity.devices SET refused = 0, refused_since = NULL WHERE user_id = $1 AND device_id = $2

-- name: of_users
-- Those of users $1 whose session goes on at $2.
SELECT d.user_id, d.device_id, d.platform, d.token, d.subscription, d.refused
FROM identity.devices d
JOIN identity.sessions s ON s.id = d.session_id AND s.revoked_at IS NULL AND s.expires_at > $2
WHERE d.user_id = ANY ($1::uuid[])
ORDER BY d.user_id, d.device_id
