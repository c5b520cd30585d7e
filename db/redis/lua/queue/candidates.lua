-- The first and the last tickets of each pool, more of a larger pool.
-- KEYS[1]  prefix of the region's queue
-- ARGV     about how many in all, the mode, pools (names after the prefix; no ticket is in two of them)
-- Returns  how many wait in the mode, and ticket ids
local waiting = redis.call('ZCARD', KEYS[1] .. ':' .. ARGV[2])
return {waiting, look(KEYS[1], tonumber(ARGV[1]), waiting, 3)}
