-- Consents: every change is a row, and the latest of a kind counts. Times are passed as timestamptz.

-- own: of
-- The latest of each kind of user $1.
SELECT DISTINCT ON (kind) kind, version, given, at FROM identity.consents
WHERE user_id = $1
ORDER BY kind, number DESC

-- own: add
-- User $1 said this at $5 about version $3 of kind $2; nothing is added when they said the same last.
INSERT INTO identity.consents (user_id, kind, version, given, at)
SELECT $1, $2, $3, $4, $5
WHERE NOT EXISTS (
    SELECT FROM (
        SELECT version, given FROM identity.consents WHERE user_id = $1 AND kind = $2 ORDER BY number DESC LIMIT 1
    ) last
    WHERE last.version = $3 AND last.given = $4
)
