-- Devices to push to.

-- name: elsewhere
-- Whoever had the device that is reached by token $3, by $4 to ring, or at endpoint $5 before, as another than device $2 of user $1, has it no longer.
DELETE FROM identity.devices
WHERE (token = $3 OR voip_token = $4 OR subscription ->> 'endpoint' = $5) AND (user_id, device_id) <> ($1, $2)

-- own: put
-- Device $2 of user $1 is reached so, as long as session $3 lasts. It is now $9.
INSERT INTO identity.devices (user_id, device_id, session_id, platform, service, token, voip_token, subscription, updated_at)
SELECT $1, $2, s.id, $4, $5, $6, $7, $8, $9 FROM identity.sessions s WHERE s.id = $3 AND s.user_id = $1 AND s.revoked_at IS NULL
ON CONFLICT (user_id, device_id) DO UPDATE
SET session_id = excluded.session_id, platform = excluded.platform, service = excluded.service,
    token = excluded.token, voip_token = excluded.voip_token,
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
-- Device $2 of user $1, if it is still reached by token $3, or at endpoint $4, or by neither.
DELETE FROM identity.devices
WHERE user_id = $1 AND device_id = $2
    AND (token = $3 OR subscription ->> 'endpoint' = $4 OR num_nonnulls(token, voip_token, subscription) = 0)

-- name: rings_no_more
-- Device $2 of user $1, if it still rings by token $3.
UPDATE identity.devices SET voip_token = NULL WHERE user_id = $1 AND device_id = $2 AND voip_token = $3

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
SELECT d.user_id, d.device_id, d.platform, d.service, d.token, d.voip_token, d.subscription, d.refused
FROM identity.devices d
JOIN identity.sessions s ON s.id = d.session_id AND s.revoked_at IS NULL AND s.expires_at > $2
WHERE d.user_id = ANY ($1::uuid[])
ORDER BY d.user_id, d.device_id
