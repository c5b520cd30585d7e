-- Keys for data: which there are here, and which process has which. Their times are the server's own.

-- name: begun
-- The keys by which something may be encrypted, the latest first.
SELECT id, proof FROM identity.data_keys WHERE retired_at IS NULL ORDER BY used_since DESC, id

-- name: kept
-- Keys that are kept here, sealed, those that write first.
SELECT purpose, kid, box, key_id FROM identity.kept_keys ORDER BY purpose, writes DESC, added_at DESC, kid

-- name: pending
-- The name of a key of hashes that was added, and does not write yet. No row: there is none.
SELECT new.kid FROM identity.kept_keys new JOIN identity.kept_keys now ON now.purpose = new.purpose AND now.writes
WHERE new.added_at > now.added_at
ORDER BY new.added_at LIMIT 1

-- name: begin
-- From now on the key with id $1 and proof $2 seals. No row: the id was that of another key.
INSERT INTO identity.data_keys AS known (id, proof, used_since) VALUES ($1, $2, now())
ON CONFLICT (id) DO UPDATE SET
    retired_at = NULL, used_since = CASE WHEN known.retired_at IS NULL THEN known.used_since ELSE now() END
WHERE known.proof = excluded.proof
RETURNING id

-- name: retire
-- Nothing is encrypted with key $1 any more.
UPDATE identity.data_keys SET retired_at = now() WHERE id = $1

-- name: keep
-- Keep key $2 for purpose $1, as $3 sealed with key $4; it writes if $5.
INSERT INTO identity.kept_keys (purpose, kid, box, key_id, writes, added_at) VALUES ($1, $2, $3, $4, $5, now())
ON CONFLICT DO NOTHING

-- name: reseal
-- What is kept as $2 for purpose $1 is $3, sealed with key $4.
UPDATE identity.kept_keys SET box = $3, key_id = $4 WHERE purpose = $1 AND kid = $2

-- name: silence
-- None of those for purposes $1 writes.
UPDATE identity.kept_keys SET writes = false WHERE purpose = ANY ($1::text[])

-- name: write_with
-- Those with the name $2 write, for purposes $1.
UPDATE identity.kept_keys SET writes = true WHERE purpose = ANY ($1::text[]) AND kid = $2

-- name: hold
-- Process $1 has secrets named $2 and the keys $3, writes with $4 (null: in clear) and hashes with $5.
INSERT INTO identity.key_holders (node, secret, known, writes, hashes, seen_at) VALUES ($1, $2, $3, $4, $5, now())
ON CONFLICT (node) DO UPDATE SET
    secret = excluded.secret, known = excluded.known, writes = excluded.writes, hashes = excluded.hashes, seen_at = now()

-- name: leave
-- Process $1 ends, and so have those of yesterday that could not say so.
DELETE FROM identity.key_holders WHERE node = $1 OR seen_at < now() - interval '1 day'

-- name: holders
-- Processes that were seen in the last $1 seconds.
SELECT node, secret, known, writes, hashes FROM identity.key_holders
WHERE seen_at > now() - make_interval(secs => $1) ORDER BY node

-- name: nodes_before
-- How many connections there are of a version that knows nothing of these keys.
SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'realtime-connect'
