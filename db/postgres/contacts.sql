-- Contacts, by keyed hashes of their numbers (`mark`). Times are passed as timestamptz.

-- own: sender
-- In which country user $1 is, and on which device they have opened session $2.
SELECT p.country, (SELECT s.device FROM identity.sessions s WHERE s.id = $2) AS device
FROM identity.profiles p WHERE p.user_id = $1

-- own: new
-- How many of marks $2 user $1 has not sent before, by this secret or the previous one ($3, place by place).
SELECT count(*) FROM unnest($2::bytea[], $3::bytea[]) AS sent (mark, former)
WHERE NOT EXISTS (SELECT FROM social.contacts c WHERE c.owner_id = $1 AND c.mark IN (sent.mark, sent.former))

-- name: wait
-- Until nobody is linking a number to their account.
SELECT social.contacts_are_sent()

-- name: drop
-- User $1 has none with marks $2 any more.
DELETE FROM social.contacts WHERE owner_id = $1 AND mark = ANY ($2::bytea[])

-- name: keep
-- User $1 has contacts with marks $2 at $4, with whoever has shown that such a number is theirs, by this secret or the previous
-- one ($3, place by place).
INSERT INTO social.contacts (owner_id, mark, sent_at, user_id)
SELECT $1, sent.mark, $4, (
    SELECT l.user_id FROM identity.logins l
    WHERE l.provider = 'phone' AND l.subject_hash IN (sent.mark, sent.former) AND l.user_id <> $1 LIMIT 1
)
FROM unnest($2::bytea[], $3::bytea[]) AS sent (mark, former)
ORDER BY sent.mark
ON CONFLICT (owner_id, mark) DO UPDATE SET sent_at = excluded.sent_at, user_id = excluded.user_id

-- name: bound
-- User $1 keeps the $2 that they have sent last.
DELETE FROM social.contacts WHERE owner_id = $1 AND mark IN (
    SELECT c.mark FROM social.contacts c WHERE c.owner_id = $1 ORDER BY c.sent_at DESC, c.mark OFFSET $2
)

-- name: found
-- Whom user $1 finds by marks $2, as they see them at $3.
SELECT f.mark, card.*, false AS hidden
FROM social.contacts_found f
JOIN identity.cards card ON card.user_id = f.user_id
WHERE f.owner_id = $1 AND f.mark = ANY ($2::bytea[])
    AND EXISTS (SELECT FROM identity.visible_to($1, $3) seen WHERE seen.user_id = f.user_id)
ORDER BY f.user_id

-- own: forget
-- User $1 has none.
DELETE FROM social.contacts WHERE owner_id = $1
