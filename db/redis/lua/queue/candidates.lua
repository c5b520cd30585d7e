-- The first and the last tickets of each pool, more of a larger pool.
-- KEYS[1]  prefix of the region's queue
-- ARGV     about how many in all, pools (names after the prefix; no ticket is in two of them)
-- Returns  ticket ids
return look(KEYS[1], tonumber(ARGV[1]), 2)
