-- Journeys: what check-ins come to (`core/journey.py`). Days are passed as dates.

-- own: of
-- The journey of user $1 as of the last check-in (null: there is none), which clock they go by, since when they are here, how many
-- coffees they have redeemed, and how many sessions with mentors they have completed.
SELECT u.created_at, j.state, own.time_zone, (
    SELECT count(*) FROM places.rewards r
    WHERE r.user_id = $1 AND r.type = 'coffee' AND r.redeemed_at IS NOT NULL AND r.reversed_at IS NULL
) AS coffee_redemptions, (
    SELECT count(*) FROM places.mentor_sessions s WHERE s.user_id = $1 AND s.status = 'completed'
) AS mentor_sessions
FROM identity.users u
LEFT JOIN places.journeys j ON j.user_id = u.id
LEFT JOIN identity.settings own ON own.user_id = u.id
WHERE u.id = $1

-- name: write
-- The journey of user $1 is $2 from $3 on.
INSERT INTO places.journeys (user_id, state, updated_at) VALUES ($1, $2, $3)
ON CONFLICT (user_id) DO UPDATE SET state = excluded.state, updated_at = excluded.updated_at

-- name: counted
-- What counts of user $1 on days from $2 (null: the first) until before $3 (null: any).
SELECT c.id, c.at, c.local_day AS day, c.zone, c.location_type AS type
FROM places.check_ins c
WHERE c.user_id = $1 AND c.counts AND c.local_day >= coalesce($2::date, '-infinity') AND c.local_day < coalesce($3::date, 'infinity')

-- name: held
-- Since when user $1, who is locked, is here, and their journey; nulls: there is none. No row: there is no such account any more. It
-- is asked after the lock: what is read along with a lock is as it was before the wait for it.
SELECT u.created_at, j.state, j.carried, j.carried_until, (
    SELECT count(*) FROM places.rewards r
    WHERE r.user_id = u.id AND r.type = 'coffee' AND r.redeemed_at IS NOT NULL AND r.reversed_at IS NULL
) AS coffee_redemptions, (
    SELECT count(*) FROM places.mentor_sessions s WHERE s.user_id = $1 AND s.status = 'completed'
) AS mentor_sessions
FROM identity.users u
LEFT JOIN places.journeys j ON j.user_id = u.id
WHERE u.id = $1 AND u.deleted_at IS NULL

-- name: carry
-- What user $1 has come to until day $3 is $2: check-ins from before are needed no more.
UPDATE places.journeys SET carried = $2, carried_until = $3 WHERE user_id = $1

-- name: to_carry
-- Up to $3 users after $2 of whom something counts before day $1, in order.
SELECT DISTINCT c.user_id FROM places.check_ins c
WHERE c.local_day < $1 AND c.counts AND c.user_id > $2
ORDER BY c.user_id LIMIT $3

-- name: travellers
-- Up to $2 users after $1 who have a journey, or something that counts.
SELECT u.id FROM identity.users u
WHERE u.id > $1 AND u.deleted_at IS NULL AND (
    EXISTS (SELECT FROM places.journeys j WHERE j.user_id = u.id)
    OR EXISTS (SELECT FROM places.check_ins c WHERE c.user_id = u.id AND c.counts)
)
ORDER BY u.id LIMIT $2
