-- Messages that are kept no longer. Times are passed as timestamptz.

-- name: old
-- At most $3 messages after message $1 and before message $2, as ids sort by time: each with its room.
SELECT s.id, s.room_id FROM communication.messages s WHERE s.id > $1 AND s.id < $2 ORDER BY s.id LIMIT $3

-- name: keeping
-- At most $3 groups after group $1 that keep messages for a time of their own; `due`: of those that it has there is one from before that,
-- counted back from $2. Null: it has none.
SELECT g.id, g.room_id, g.keep_days, (
    SELECT s.created_at < $2::timestamptz - make_interval(hours => 24 * g.keep_days) FROM communication.messages s
    WHERE s.room_id = g.room_id AND s.seq > r.forgotten_seq
    ORDER BY s.seq LIMIT 1
) AS due
FROM communication.groups g
JOIN communication.rooms r ON r.id = g.room_id
WHERE g.keep_days IS NOT NULL AND g.id > $1
ORDER BY g.id LIMIT $3

-- name: forget
-- Room $1 forgets at most $3 messages from before $2, now, which is $4 (0075_forgetting.sql).
SELECT communication.forget($1, $2, $3, $4)
