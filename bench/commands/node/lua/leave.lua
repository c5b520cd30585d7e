-- Wait no longer.
-- KEYS[1] ticket:<user>    ARGV[1] user
local mode = redis.call('HGET', KEYS[1], 'mode')
if not mode then return end
redis.call('ZREM', 'queue:' .. mode, ARGV[1])
redis.call('DEL', KEYS[1])
redis.call('PUBLISH', 'pr:' .. ARGV[1], '')
