-- Marks: what accounts were seen with. Times are passed as timestamptz.

-- name: known
-- What users $1 say of themselves, as it is on record, and whether their address was shown to be theirs.
SELECT u.id, u.email, u.email_verified_at IS NOT NULL AS email_verified, u.username, p.display_name, p.birth_date, p.gender
FROM identity.users u JOIN identity.profiles p ON p.user_id = u.id
WHERE u.id = ANY ($1::uuid[]) AND u.deleted_at IS NULL

-- name: note
-- Users $1 were seen at $4 with marks $3 of kinds $2. They come in the order of the key, so that two of these wait for each
-- other and for no other. A mark that was noted since $5 is left as it is. A row for each user of whom
-- something was noted: of probes nothing is, who are no people.
WITH noted AS (
    INSERT INTO safety.known_marks AS known (user_id, kind, mark, first_seen, last_seen, barred)
    SELECT seen.user_id, seen.kind, seen.mark, $4, $4, EXISTS (
        SELECT FROM identity.bans b WHERE b.user_id = seen.user_id
    )
    FROM unnest($1::uuid[], $2::text[], $3::bytea[]) AS seen (user_id, kind, mark)
    WHERE seen.user_id NOT IN (SELECT u.id FROM identity.users u WHERE u.probe)
    ON CONFLICT (user_id, kind, mark) DO UPDATE SET last_seen = excluded.last_seen WHERE known.last_seen < $5
    RETURNING user_id
)
SELECT DISTINCT user_id FROM noted

-- name: accounts
-- How many accounts were seen since $1: everybody has one day of birth.
SELECT count(*) FROM safety.known_marks WHERE kind = 'person' AND last_seen >= $1

-- name: forget
-- Drop up to $2 marks that were not seen since $1, but for those of users whose ban was not over by then.
DELETE FROM safety.known_marks WHERE (user_id, kind, mark) IN (
    SELECT user_id, kind, mark FROM safety.known_marks old
    WHERE last_seen < $1::timestamptz AND NOT (barred AND EXISTS (
        SELECT FROM identity.bans b
        WHERE b.user_id = old.user_id AND b.lifted_at IS NULL AND NOT b.during << tstzrange($1, NULL)
    ))
    ORDER BY last_seen LIMIT $2 FOR UPDATE SKIP LOCKED
)
RETURNING 1
