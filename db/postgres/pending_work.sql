-- What waits in Postgres for the jobs that any node does.

-- name: snapshot
-- Which transactions have ended. As long as it is the same text, nobody has written anything.
SELECT pg_current_snapshot()::text

-- name: kinds
-- Which kinds of it there are at $1: bans, expulsions, pending blocks and pending reports that no node has taken, what is to
-- be announced, and jobs that are due or whose worker has given no sign of life for $2. `due_at`, in Unix seconds: when there
-- is something next, if nobody writes anything.
SELECT
    EXISTS (
        SELECT FROM identity.bans
        WHERE enforced_at IS NULL AND lifted_at IS NULL AND taken_until <= $1 AND during @> $1::timestamptz
    ) AS bans,
    EXISTS (SELECT FROM identity.expulsions WHERE taken_until <= $1) AS expulsions,
    EXISTS (SELECT FROM interaction.pending_blocks WHERE taken_until <= $1) AS blocks,
    EXISTS (SELECT FROM interaction.pending_reports WHERE taken_until <= $1) AS reports,
    EXISTS (SELECT FROM communication.outbox) AS outbox,
    EXISTS (SELECT FROM social.notification_outbox) AS notifications,
    EXISTS (SELECT FROM jobs.pgqueuer WHERE status = 'queued' AND execute_after < now())
        OR EXISTS (SELECT FROM jobs.pgqueuer WHERE status = 'picked' AND heartbeat < now() - $2::interval) AS jobs,
    extract(epoch FROM least(
        (
            SELECT min(greatest(taken_until, lower(during))) FROM identity.bans
            WHERE enforced_at IS NULL AND lifted_at IS NULL AND during && tstzrange($1, NULL)
        ),
        (SELECT min(taken_until) FROM identity.expulsions),
        (SELECT min(taken_until) FROM interaction.pending_blocks),
        (SELECT min(taken_until) FROM interaction.pending_reports),
        (SELECT min(execute_after) + ($1 - now()) FROM jobs.pgqueuer WHERE status = 'queued'),
        (SELECT min(heartbeat) + $2::interval + ($1 - now()) FROM jobs.pgqueuer WHERE status = 'picked')
    ))::float8 AS due_at
