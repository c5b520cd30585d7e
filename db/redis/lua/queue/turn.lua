-- How many wait, and whether this node sweeps now: one does at a time, and none while there is nothing to sweep.
-- KEYS[1]  prefix of the region's queue
-- ARGV     mode, node, how long its turn lasts at most (ms)
-- Returns  how many wait; 1 if it is this node's turn, else 0
local q, mode = KEYS[1], ARGV[1]
local waiting, turn = redis.call('ZCARD', q .. ':' .. mode), false
if redis.call('EXISTS', q .. ':leases', q .. ':claimed', q .. ':gone') > 0 then
  turn = redis.call('SET', q .. ':' .. mode .. ':turn', ARGV[2], 'NX', 'PX', ARGV[3])
end
return {waiting, turn and 1 or 0}
