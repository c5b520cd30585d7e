-- The call is over, for both; PostgreSQL has let them go already.
-- KEYS[1] call:<id>
-- ARGV[1] call id   ARGV[2] reason   ARGV[3] milliseconds an event is kept
-- Returns "" or the code of what is wrong.
local state, a, b = unpack(redis.call('HMGET', KEYS[1], 'state', 'a', 'b'))
if not state then return 'not_found' end
if state == 'ended' then return 'gone' end
redis.call('HSET', KEYS[1], 'state', 'ended')
redis.call('PEXPIRE', KEYS[1], 600000)
redis.call('ZREM', 'deadlines', ARGV[1])
local event = '"call:ended",{"call_id":"' .. ARGV[1] .. '","reason":"' .. ARGV[2] .. '","duration_s":0,"decision":null,"ticket":null}'
for _, user in ipairs({a, b}) do
  redis.call('DEL', 'in:' .. user)
  redis.call('PUBLISH', 'pr:' .. user, '')
  local id = redis.call('XADD', 'ev:' .. user, 'MAXLEN', '~', 1000, '*', 'd', '', 'e', event)
  redis.call('PEXPIRE', 'ev:' .. user, ARGV[3])
  redis.call('PUBLISH', 'ev:' .. user, id .. '  ' .. event)
end
return ''
