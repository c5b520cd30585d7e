-- Suspicions: which new accounts may be those of people who were banned. Times are passed as timestamptz.

-- name: resemblances
-- What user $1 has in common at $2 with users who are banned then: each mark, how many others bear it of those seen since
-- $3, when the ban began, how many have blocked or reported the banned one, and when $1 was opened. A proof (a kind of $5) that leads to a suspect leads to the one who that may
-- be. Left out are who has blocked or reported the banned one, and who had an account longer than $4 before the ban. To be
-- as old is no reason to look at somebody; and of many the 200 are looked at who have most in common.
WITH own AS (
    SELECT kind, mark FROM safety.known_marks WHERE user_id = $1
), borne AS (
    SELECT m.user_id AS of_user_id, own.kind, own.mark
    FROM own JOIN safety.known_marks m ON m.kind = own.kind AND m.mark = own.mark AND m.barred
    WHERE own.kind <> 'age'
    UNION
    SELECT s.of_user_id, own.kind, own.mark
    FROM own
    JOIN safety.known_marks m ON m.kind = own.kind AND m.mark = own.mark
    JOIN safety.suspicions s ON s.user_id = m.user_id AND s.suspect AND s.cleared_at IS NULL
    WHERE own.kind = ANY ($5::text[]) AND m.user_id <> $1
), alike AS (
    (
        SELECT of_user_id FROM borne
        WHERE of_user_id <> $1
        GROUP BY of_user_id
        ORDER BY bool_or(kind = ANY ($5::text[])) DESC, count(DISTINCT kind) DESC, of_user_id DESC LIMIT 200
    )
    UNION
    (
        SELECT b.user_id
        FROM identity.users u
        JOIN identity.bans b ON coalesce(b.begins_at, b.created_at) BETWEEN u.created_at - $6::interval AND u.created_at
        WHERE u.id = $1 AND u.created_at >= $2::timestamptz - $6::interval AND b.during @> $2::timestamptz
            AND b.user_id <> $1 AND EXISTS (
                SELECT FROM own
                JOIN safety.known_marks m ON m.user_id = b.user_id AND m.kind = own.kind AND m.mark = own.mark
                WHERE own.kind = 'age'
            )
        ORDER BY coalesce(b.begins_at, b.created_at) DESC LIMIT $7
    )
), shared AS (
    SELECT * FROM borne
    UNION ALL
    SELECT m.user_id, own.kind, own.mark
    FROM alike
    CROSS JOIN own
    JOIN safety.known_marks m ON m.user_id = alike.of_user_id AND m.kind = own.kind AND m.mark = own.mark
    WHERE own.kind = 'age'
), old AS (
    SELECT of_user_id, max(ban.begun) AS banned_at, (
        SELECT count(*) FROM (SELECT DISTINCT avoider_id FROM safety.avoiders a WHERE a.user_id = alike.of_user_id) AS avoider
    ) AS avoiders
    FROM alike
    CROSS JOIN LATERAL (
        SELECT coalesce(b.begins_at, b.created_at) AS begun
        FROM identity.bans b WHERE b.user_id = alike.of_user_id AND b.during @> $2::timestamptz
    ) AS ban
    WHERE NOT EXISTS (
        SELECT FROM safety.avoiders a WHERE a.user_id = alike.of_user_id AND a.avoider_id = $1
    )
    GROUP BY of_user_id
), counted AS MATERIALIZED (
    SELECT kind, mark, (
        SELECT count(*) FROM (
            SELECT FROM safety.known_marks k
            WHERE k.kind = each.kind AND k.mark = each.mark AND k.last_seen >= $3 AND k.user_id <> $1
            LIMIT 20000
        ) AS bearer
    ) AS bearers
    FROM (SELECT DISTINCT kind, mark FROM shared JOIN old USING (of_user_id)) AS each
)
SELECT old.of_user_id, old.banned_at, old.avoiders, u.created_at AS opened_at, shared.kind, counted.bearers
FROM old
JOIN identity.users u ON u.id = $1 AND u.role = 'user' AND NOT u.probe AND u.created_at >= old.banned_at - $4::interval
JOIN shared USING (of_user_id)
JOIN counted USING (kind, mark)
ORDER BY old.of_user_id

-- name: together
-- How many others seen since $3 bear, of each kind of $4, the rarest mark that users $1 and $2 share. Left out are who was ever banned, and suspects: they may
-- be the same person.
WITH shared AS MATERIALIZED (
    SELECT DISTINCT ON (own.kind) own.kind, own.mark, (
        SELECT count(*) FROM (
            SELECT FROM safety.known_marks k
            WHERE k.kind = own.kind AND k.mark = own.mark AND k.last_seen >= $3
            LIMIT 20000
        ) AS bearer
    ) AS bearers
    FROM safety.known_marks own
    JOIN safety.known_marks theirs ON theirs.user_id = $2 AND theirs.kind = own.kind AND theirs.mark = own.mark
    WHERE own.user_id = $1 AND own.kind = ANY ($4::text[])
    ORDER BY own.kind, bearers
), rarest AS (
    SELECT kind, mark FROM shared ORDER BY bearers LIMIT 1
)
SELECT count(*) FROM (
    SELECT FROM rarest JOIN safety.known_marks k ON k.kind = rarest.kind AND k.mark = rarest.mark
    WHERE k.last_seen >= $3 AND NOT k.barred AND k.user_id <> $1 AND k.user_id <> $2
        AND NOT EXISTS (
            SELECT FROM shared WHERE NOT EXISTS (
                SELECT FROM safety.known_marks also
                WHERE also.user_id = k.user_id AND also.kind = shared.kind AND also.mark = shared.mark
            )
        )
        AND NOT EXISTS (
            SELECT FROM safety.suspicions s WHERE s.user_id = k.user_id AND s.suspect AND s.cleared_at IS NULL
        )
    LIMIT 20000
) AS other

-- name: suspect
-- From $7 on user $1 is suspected to be users $2, by kind $3, all of $4 (with spaces between), with weight $5, as a suspect
-- or not ($6); and whom these are suspected to be themselves, by more than their age. One that was cleared stays so. A row for each that is new or
-- weighs more. All of them are locked first, in the order of ids: the triggers lock each pair, and would wait for each other.
WITH found AS (
    SELECT * FROM unnest($2::uuid[], $3::text[], $4::text[], $5::real[], $6::boolean[])
        AS f (of_user_id, kind, shared, weight, suspect)
), every AS (
    SELECT * FROM found
    UNION ALL
    SELECT s.of_user_id, found.kind, found.shared, found.weight, found.suspect AND s.suspect
    FROM found
    JOIN safety.suspicions s ON s.user_id = found.of_user_id AND s.cleared_at IS NULL AND s.kind <> 'age'
    WHERE found.kind <> 'age' AND s.of_user_id <> $1 AND s.of_user_id NOT IN (SELECT of_user_id FROM found)
), once AS (
    SELECT DISTINCT ON (of_user_id) * FROM every ORDER BY of_user_id, suspect DESC, weight DESC
), news AS (
    SELECT once.* FROM once LEFT JOIN safety.suspicions s ON s.user_id = $1 AND s.of_user_id = once.of_user_id
    WHERE s.user_id IS NULL OR (s.cleared_at IS NULL AND once.weight > s.weight)
), locked AS (
    SELECT id FROM identity.users
    WHERE EXISTS (SELECT FROM news) AND (id = $1 OR id IN (SELECT of_user_id FROM news))
    ORDER BY id FOR NO KEY UPDATE
)
INSERT INTO safety.suspicions AS s (user_id, of_user_id, kind, shared, weight, suspect, at)
SELECT $1, of_user_id, kind, string_to_array(shared, ' '), weight, suspect, $7 FROM news
WHERE (SELECT count(*) FROM locked) > 0
ON CONFLICT (user_id, of_user_id) DO UPDATE
SET kind = excluded.kind, shared = excluded.shared, weight = excluded.weight, suspect = excluded.suspect OR s.suspect
WHERE s.cleared_at IS NULL AND excluded.weight > s.weight
RETURNING of_user_id, suspect

-- name: of_user
-- Whom user $1 is or was suspected to be by more than their age, and why, the heaviest first; nulls where they are suspected of nothing. No row: there
-- is no such user.
SELECT s.of_user_id, s.kind, s.shared, s.weight, s.suspect, s.at, s.cleared_at, s.cleared_by
FROM identity.users u LEFT JOIN safety.suspicions s ON s.user_id = u.id AND s.kind <> 'age'
WHERE u.id = $1 ORDER BY s.weight DESC, s.of_user_id

-- name: clear
-- Clear all suspicions of user $1 that are shown, at $2, by moderator $3. Users are locked first, as by `suspect`.
WITH shown AS (
    SELECT of_user_id FROM safety.suspicions WHERE user_id = $1 AND cleared_at IS NULL AND kind <> 'age'
), locked AS (
    SELECT id FROM identity.users
    WHERE EXISTS (SELECT FROM shown) AND (id = $1 OR id IN (SELECT of_user_id FROM shown))
    ORDER BY id FOR NO KEY UPDATE
)
UPDATE safety.suspicions SET cleared_at = $2, cleared_by = $3
WHERE user_id = $1 AND cleared_at IS NULL AND kind <> 'age' AND (SELECT count(*) FROM locked) > 0
RETURNING of_user_id

-- name: lapse
-- Up to $2 suspicions from before $1 are over; those of age alone are forgotten. Users are locked first, as by `suspect`.
-- A row for each.
WITH old AS MATERIALIZED (
    SELECT user_id, of_user_id, kind FROM safety.suspicions
    WHERE cleared_at IS NULL AND at < $1 ORDER BY at LIMIT $2
), locked AS (
    SELECT id FROM identity.users
    WHERE id IN (SELECT user_id FROM old UNION SELECT of_user_id FROM old)
    ORDER BY id FOR NO KEY UPDATE
), forgotten AS (
    DELETE FROM safety.suspicions s USING old
    WHERE s.user_id = old.user_id AND s.of_user_id = old.of_user_id AND old.kind = 'age'
        AND (SELECT count(*) FROM locked) > 0
), over AS (
    UPDATE safety.suspicions s SET cleared_at = now() FROM old
    WHERE s.user_id = old.user_id AND s.of_user_id = old.of_user_id AND old.kind <> 'age' AND s.cleared_at IS NULL
        AND (SELECT count(*) FROM locked) > 0
)
SELECT user_id FROM old

-- name: resemblances_with
-- The other way round, as `resemblances` has its columns: what at most $6 users, who share a mark of kinds $5 with user $1 who is banned at $2, have in common with
-- that one. Nothing where $1 is not banned.
WITH old AS MATERIALIZED (
    SELECT max(coalesce(b.begins_at, b.created_at)) AS banned_at, (
        SELECT count(*) FROM (SELECT DISTINCT avoider_id FROM safety.avoiders WHERE user_id = $1) AS avoider
    ) AS avoiders
    FROM identity.bans b WHERE b.user_id = $1 AND b.during @> $2::timestamptz
), own AS MATERIALIZED (
    SELECT kind, mark FROM safety.known_marks WHERE user_id = $1
), alike AS MATERIALIZED (
    SELECT DISTINCT m.user_id, u.created_at
    FROM own
    JOIN safety.known_marks m ON m.kind = own.kind AND m.mark = own.mark AND m.user_id <> $1
    JOIN identity.users u ON u.id = m.user_id AND u.role = 'user' AND u.deleted_at IS NULL
        AND u.created_at >= (SELECT banned_at FROM old) - $4::interval
    WHERE own.kind = ANY ($5::text[]) AND NOT EXISTS (
        SELECT FROM safety.avoiders a WHERE a.user_id = $1 AND a.avoider_id = m.user_id
    )
    LIMIT $6
), counted AS MATERIALIZED (
    SELECT kind, mark, (
        SELECT count(*) FROM (
            SELECT FROM safety.known_marks k
            WHERE k.kind = own.kind AND k.mark = own.mark AND k.last_seen >= $3
            LIMIT 20000
        ) AS bearer
    ) AS bearers
    FROM own
)
SELECT alike.user_id, old.banned_at, old.avoiders, alike.created_at AS opened_at, m.kind,
    greatest(counted.bearers - (m.last_seen >= $3)::int, 0) AS bearers
FROM old CROSS JOIN alike
JOIN safety.known_marks m ON m.user_id = alike.user_id
JOIN counted ON counted.kind = m.kind AND counted.mark = m.mark
ORDER BY alike.user_id
