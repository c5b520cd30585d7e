-- Jobs: what pgqueuer has no statement for. Its own do the rest.

-- name: release
-- Give job $1 back, which worker $2 has taken and cannot finish. Not a try: it says nothing about the job.
UPDATE jobs.pgqueuer SET status = 'queued', execute_after = now(), updated = now(), queue_manager_id = NULL
WHERE id = $1 AND status = 'picked' AND queue_manager_id = $2

-- name: count
-- How many there are of each kind and state: those that wait, are taken, or have failed for good.
SELECT entrypoint AS kind, status::text AS state, count(*) AS jobs
FROM jobs.pgqueuer GROUP BY entrypoint, status ORDER BY entrypoint, status

-- name: failed
-- The $1 that failed for good last, with what was said last about each.
SELECT job.id, job.entrypoint AS kind, job.created, job.updated, job.attempts, said.traceback
FROM jobs.pgqueuer job
LEFT JOIN LATERAL (
    SELECT traceback FROM jobs.pgqueuer_log
    WHERE job_id = job.id AND traceback IS NOT NULL ORDER BY created DESC, id DESC LIMIT 1
) said ON true
WHERE job.status = 'failed' ORDER BY job.updated DESC, job.id DESC LIMIT $1

-- name: again
-- Let jobs $1 that have failed for good begin anew, as if they had never been tried; null: all of them. One row for each.
UPDATE jobs.pgqueuer SET status = 'queued', attempts = 0, execute_after = now(), updated = now()
WHERE status = 'failed' AND ($1::bigint[] IS NULL OR id = ANY($1)) RETURNING 1

-- name: drop
-- Drop jobs $1 that have failed for good; null: all of them. One row for each.
DELETE FROM jobs.pgqueuer WHERE status = 'failed' AND ($1::bigint[] IS NULL OR id = ANY($1)) RETURNING 1

-- name: forget_log
-- Drop up to $2 lines of the log from before $1, but for those about jobs that are there still.
DELETE FROM jobs.pgqueuer_log WHERE id IN (
    SELECT id FROM jobs.pgqueuer_log line WHERE created < $1
        AND NOT EXISTS (SELECT FROM jobs.pgqueuer job WHERE job.id = line.job_id)
    ORDER BY created LIMIT $2 FOR UPDATE SKIP LOCKED
)
RETURNING 1

-- name: forget_failed
-- Drop up to $2 jobs that failed for good before $1.
DELETE FROM jobs.pgqueuer WHERE id IN (
    SELECT id FROM jobs.pgqueuer WHERE status = 'failed' AND updated < $1 LIMIT $2 FOR UPDATE SKIP LOCKED
)
RETURNING 1
