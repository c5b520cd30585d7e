-- What is stored and not announced yet. A lane is announced in the order of its numbers.

-- name: waiting
-- At most $1 of those that wait to be announced, lane by lane, and not in the lanes $2.
SELECT lane, number FROM communication.outbox WHERE lane <> ALL ($2::uuid[]) ORDER BY lane, number LIMIT $1

-- name: of_lane
-- What waits in lane $1 after number $2, in order, at most $3.
SELECT number, event, subject FROM communication.outbox WHERE lane = $1 AND number > $2 ORDER BY number LIMIT $3

-- name: told
-- These have been announced to all: lanes $1 with numbers $2, place by place.
DELETE FROM communication.outbox o
USING unnest($1::uuid[], $2::bigint[]) AS told (lane, number)
WHERE o.lane = told.lane AND o.number = told.number
