-- This side wants the call; when both do it starts.
-- KEYS[1] call:<id>
-- ARGV[1] user   ARGV[2] device   ARGV[3] call id   ARGV[4] deadline of connecting, ms   ARGV[5] milliseconds an event is kept
-- ARGV[6] the rest of `call:started`, after its role and decider   ARGV[7] what tells of the state from then on
-- Returns "", "started", or the code of what is wrong.
local state, a, b, device_a, device_b, gender_a, gender_b = unpack(
  redis.call('HMGET', KEYS[1], 'state', 'a', 'b', 'device_a', 'device_b', 'gender_a', 'gender_b'))
if not state or not (a == ARGV[1] or b == ARGV[1]) then return 'not_found' end
if state == 'ended' then return 'gone' end
local own = device_b
if a == ARGV[1] then own = device_a end
if own then return own == ARGV[2] and '' or 'conflict' end
redis.call('HSET', KEYS[1], a == ARGV[1] and 'device_a' or 'device_b', ARGV[2])
if a == ARGV[1] then device_a = ARGV[2] else device_b = ARGV[2] end
local function tell(user, device, event)
  local id = redis.call('XADD', 'ev:' .. user, 'MAXLEN', '~', 1000, '*', 'd', device, 'e', event)
  redis.call('PUBLISH', 'ev:' .. user, id .. ' ' .. device .. ' ' .. event)
end
-- To all devices but this one.
tell(ARGV[1], '!' .. ARGV[2], '"call:ended",{"call_id":"' .. ARGV[3] .. '","reason":"other_device","duration_s":0,"decision":null,"ticket":null}')
if not (device_a and device_b) then return '' end
redis.call('HSET', KEYS[1], 'state', 'connecting', 'epoch', 1)
redis.call('ZADD', 'deadlines', ARGV[4], ARGV[3])
local function start(user, device, role, gender, other)
  local decider = 'both'
  if gender == 'female' and other == 'male' then decider = 'you' elseif gender == 'male' and other == 'female' then decider = 'peer' end
  local event = '"call:started",{"call_id":"' .. ARGV[3] .. '","epoch":1,"role":"' .. role .. '","decider":"' .. decider .. '",' .. ARGV[6]
  tell(user, device, event)
  tell(user, device, ARGV[7])
  redis.call('PEXPIRE', 'ev:' .. user, ARGV[5])
end
start(a, device_a, 'offerer', gender_a, gender_b)
start(b, device_b, 'answerer', gender_b, gender_a)
return 'started'
