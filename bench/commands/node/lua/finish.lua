-- The call is over, for both.
-- KEYS[1] call:<id>
-- ARGV[1] who ends it, "" for time   ARGV[2] call id   ARGV[3] reason, "" for that of the state   ARGV[4] now, ms   ARGV[5] milliseconds an event is kept
-- Returns "" and the reason, or the code of what is wrong.
local state, a, b = unpack(redis.call('HMGET', KEYS[1], 'state', 'a', 'b'))
if not state or not (ARGV[1] == '' or a == ARGV[1] or b == ARGV[1]) then return {'not_found'} end
if state == 'ended' then return {'gone'} end
local reasons = {offered = 'no_answer', connecting = 'media_failed', live = 'max_duration', reconnecting = 'connection_lost'}
local reason = ARGV[3] ~= '' and ARGV[3] or reasons[state]
if ARGV[1] == '' and tonumber(redis.call('ZSCORE', 'deadlines', ARGV[2]) or '0') > tonumber(ARGV[4]) then return {'conflict'} end
redis.call('HSET', KEYS[1], 'state', 'ended')
redis.call('PEXPIRE', KEYS[1], 600000)
redis.call('ZREM', 'deadlines', ARGV[2])
local event = '"call:ended",{"call_id":"' .. ARGV[2] .. '","reason":"' .. reason .. '","duration_s":0,"decision":null,"ticket":null}'
for _, user in ipairs({a, b}) do
  redis.call('DEL', 'in:' .. user)
  local id = redis.call('XADD', 'ev:' .. user, 'MAXLEN', '~', 1000, '*', 'd', '', 'e', event)
  redis.call('PEXPIRE', 'ev:' .. user, ARGV[5])
  redis.call('PUBLISH', 'ev:' .. user, id .. '  ' .. event)
end
return {'', reason}
