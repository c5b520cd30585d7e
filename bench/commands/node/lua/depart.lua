-- A connection has gone. A call of its device has a while to come back to.
-- KEYS[1] pr:<user>
-- ARGV[1] user   ARGV[2] connection   ARGV[3] device   ARGV[4] until when the call waits, ms   ARGV[5] now, ms   ARGV[6] node
redis.call('HDEL', KEYS[1], ARGV[2])
redis.call('HDEL', 'at:' .. ARGV[6], ARGV[2])
if redis.call('HGET', KEYS[1], 'own') ~= 'invisible' then redis.call('HSET', KEYS[1], 'seen', ARGV[5]) end
redis.call('PUBLISH', KEYS[1], '')
local call = redis.call('GET', 'in:' .. ARGV[1])
if not call then return '' end
local key = 'call:' .. call
local state, a, device_a, device_b = unpack(redis.call('HMGET', key, 'state', 'a', 'device_a', 'device_b'))
if state == 'live' and (a == ARGV[1] and device_a or device_b) == ARGV[3] then
  redis.call('HSET', key, 'state', 'reconnecting', 'until', redis.call('ZSCORE', 'deadlines', call))
  redis.call('ZADD', 'deadlines', ARGV[4], call)
end
return call
