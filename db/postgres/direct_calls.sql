-- Direct calls: who rings whom, and who has answered. Users are passed as ids; times as timestamptz.

-- name: pair
-- Who is on the other side of connection $1 of user $2.
SELECT CASE WHEN k.user_a = $2 THEN k.user_b ELSE k.user_a END AS callee
FROM interaction.connections k WHERE k.id = $1 AND $2 IN (k.user_a, k.user_b)

-- name: meeting
-- Who is on the other side of session $1 of user $2, and what kind of session it is.
SELECT
    CASE WHEN s.user_id = $2 THEN s.mentor_user_id ELSE s.user_id END AS callee,
    s.type = 'virtual' AS virtual, s.status = 'scheduled' AS scheduled, s.starts_at, s.ends_at
FROM places.mentor_sessions s WHERE s.id = $1 AND $2 IN (s.user_id, s.mentor_user_id)

-- name: between
-- What is between $2, who would like to ring, and $3, by connection $1 at $4. Both are locked. What rings somebody is a call since $5
-- that has neither started nor ended.
SELECT
    k.room_id, k.ended_at IS NOT NULL AS ended, k.video_enabled,
    EXISTS (SELECT FROM identity.visible_to($2, $4) seen WHERE seen.user_id = $3)
        AND coalesce((SELECT s.direct_calls FROM identity.settings s WHERE s.user_id = $3), 'connections') <> 'nobody'
        AS reachable,
    :engaged AS engaged
FROM interaction.connections k
WHERE k.id = $1

-- name: between_by_meeting
-- The same by session $1, of which they have agreed on the time: nobody has to be asked what calls they would take.
SELECT
    NULL::uuid AS room_id, false AS ended, true AS video_enabled,
    EXISTS (SELECT FROM identity.visible_to($2, $4) seen WHERE seen.user_id = $3) AS reachable,
    :engaged AS engaged
FROM places.mentor_sessions s
WHERE s.id = $1

-- name: engaged
-- A condition: user $3 is in a call, or somebody has rung them since $5.
EXISTS (SELECT FROM interaction.call_participants p WHERE p.user_id = $3 AND p.active) OR EXISTS (
    SELECT FROM interaction.calls c
    WHERE c.rings = $3 AND c.started_at IS NULL AND c.ended_at IS NULL AND c.offered_at > $5
)

-- name: ongoing
-- The call that user $1 is in, and those since $2 that ring them, the one that they are in first. `other`: who else has a part in it.
SELECT
    c.id, c.mode, c.offered_at, c.started_at, c.invited_by, c.rings, found.own,
    (SELECT o.user_id FROM interaction.call_participants o WHERE o.call_id = c.id AND o.user_id <> $1) AS other
FROM (
    SELECT p.call_id, true AS own FROM interaction.call_participants p WHERE p.user_id = $1 AND p.active
    UNION ALL
    SELECT r.id, false FROM interaction.calls r
    WHERE r.rings = $1 AND r.started_at IS NULL AND r.ended_at IS NULL AND r.offered_at > $2
) found
JOIN interaction.calls c ON c.id = found.call_id
ORDER BY found.own DESC, c.id

-- name: ring
-- Call $1 by $2 to $3, of mode $4 in region $5 at $6; $7 says that it rings, or would if they were not in another call. $8: by which
-- session (null: by their connection).
WITH call AS (
    INSERT INTO interaction.calls (id, origin, mode, region, offered_at, invited_by, rings, mentor_session_id)
    VALUES ($1, 'direct', $4, $5, $6, $2, CASE WHEN $7::boolean THEN $3::uuid END, $8)
)
INSERT INTO interaction.call_participants (call_id, user_id, active) VALUES ($1, $2, true), ($1, $3, false)

-- name: cards
-- The cards of users $1.
SELECT card.*, false AS hidden FROM identity.cards card WHERE card.user_id = ANY ($1::uuid[])

-- name: answered
-- User $2, whom call $1 rings, has answered at $3 and is in it from now on; and whether one of the two wishes for relays only. No row:
-- it rings no more, or what it was allowed by is over.
WITH call AS (
    UPDATE interaction.calls c SET started_at = $3
    WHERE c.id = $1 AND c.rings = $2 AND c.started_at IS NULL AND c.ended_at IS NULL AND CASE
        WHEN c.mentor_session_id IS NOT NULL THEN EXISTS (
            SELECT FROM places.mentor_sessions s WHERE s.id = c.mentor_session_id AND s.status = 'scheduled'
        )
        ELSE EXISTS (
            SELECT FROM interaction.connections k
            WHERE k.user_a = least(c.invited_by, c.rings) AND k.user_b = greatest(c.invited_by, c.rings) AND k.ended_at IS NULL
        )
    END
    RETURNING c.id
)
UPDATE interaction.call_participants p SET active = true FROM call WHERE p.call_id = call.id AND p.user_id = $2
RETURNING :wished AS relay_only

-- name: wished
-- A condition: whether one of the two of call $1 wishes for relays only.
EXISTS (
    SELECT FROM interaction.call_participants each
    JOIN identity.settings s ON s.user_id = each.user_id AND s.relay_only
    WHERE each.call_id = $1
)

-- name: has_answered
-- The same, if user $2 is in the call. No row: they are not.
SELECT :wished AS relay_only FROM interaction.call_participants WHERE call_id = $1 AND user_id = $2 AND active

-- name: calls_between
-- Direct calls of users $1 and $2, by their connection, that the first is in, or by which the other rings them.
SELECT id FROM interaction.calls
WHERE rings = $1 AND invited_by = $2 AND mentor_session_id IS NULL AND started_at IS NULL AND ended_at IS NULL
UNION ALL
SELECT own.call_id
FROM interaction.call_participants own
JOIN interaction.calls c ON c.id = own.call_id AND c.origin = 'direct' AND c.mentor_session_id IS NULL
JOIN interaction.call_participants peer ON peer.call_id = own.call_id AND peer.user_id = $2
WHERE own.user_id = $1 AND own.active
