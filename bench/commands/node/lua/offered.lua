-- The offer stands: tell both, once.
-- KEYS[1] call:<id>
-- ARGV[1] call id   ARGV[2] when it lapses, ms   ARGV[3] milliseconds an event is kept
-- ARGV[4] ARGV[5] what the first is told: their ticket has left, the offer   ARGV[6] ARGV[7] the same of the second
local state, a, b = unpack(redis.call('HMGET', KEYS[1], 'state', 'a', 'b'))
if state ~= 'claimed' then return '' end
redis.call('HSET', KEYS[1], 'state', 'offered')
redis.call('HDEL', KEYS[1], 'why')
redis.call('ZADD', 'deadlines', ARGV[2], ARGV[1])
for nth, user in ipairs({a, b}) do
  for i = 2 + 2 * nth, 3 + 2 * nth do
    local id = redis.call('XADD', 'ev:' .. user, 'MAXLEN', '~', 1000, '*', 'd', '', 'e', ARGV[i])
    redis.call('PUBLISH', 'ev:' .. user, id .. '  ' .. ARGV[i])
  end
  redis.call('PEXPIRE', 'ev:' .. user, ARGV[3])
  redis.call('PUBLISH', 'pr:' .. user, '')
end
return ''
