-- Users who ask to be matched. Times are passed as timestamptz.

-- name: applicant
-- Card of each of users $1 (an array as text), whom they seek, how far they are trusted, whether they are banned at $5, the strengths of their
-- values by key, when the latest $6 matches failed through them, the newest first, whether they are a probe, up to $8 places where
-- they were since day $7 if they want to be matched by that, the call that they are in or have an offer of, and the users who must
-- not be offered to them: that is `avoid` of eligibility.sql, which reads $2 to $4.
SELECT card.*, false AS hidden, p.seeking_genders, p.seeking_age_min, p.seeking_age_max, u.tier, u.probe, EXISTS (
    SELECT FROM identity.banned($5) b WHERE b.user_id = u.id
) AS banned, (
    SELECT coalesce(jsonb_object_agg(v.key, v.strength), '{}') FROM identity.user_values v WHERE v.user_id = u.id
) AS strengths, ARRAY(
    SELECT own.fault_at FROM interaction.call_participants own
    WHERE own.user_id = u.id AND own.fault_at IS NOT NULL ORDER BY own.fault_at DESC LIMIT $6
) AS faults, CASE WHEN card.match_by_places THEN places.haunts(u.id, $7, $8)::text[] ELSE '{}' END AS haunts, (
    SELECT own.call_id FROM interaction.call_participants own WHERE own.user_id = u.id AND own.active
) AS call_id, ARRAY(SELECT apart.user_id::text FROM (:avoid) apart) AS avoided
FROM unnest($1::text::uuid[]) AS asked (id)
JOIN identity.users u ON u.id = asked.id AND u.deleted_at IS NULL
JOIN identity.profiles p ON p.user_id = u.id
JOIN identity.cards card ON card.user_id = u.id
