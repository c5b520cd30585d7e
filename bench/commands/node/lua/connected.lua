-- Media flows at this side; the call is live when it does at both.
-- KEYS[1] call:<id>
-- ARGV[1] user   ARGV[2] epoch   ARGV[3] call id   ARGV[4] when the call ends at the latest, ms   ARGV[5] milliseconds an event is kept
-- ARGV[6] the event that tells of it
-- Returns "" or the code of what is wrong.
local state, epoch, a, b = unpack(redis.call('HMGET', KEYS[1], 'state', 'epoch', 'a', 'b'))
if not state or not (a == ARGV[1] or b == ARGV[1]) then return 'not_found' end
if state == 'ended' then return 'gone' end
if state == 'offered' then return 'conflict' end
if epoch ~= ARGV[2] then return 'stale_epoch' end
redis.call('HSET', KEYS[1], 'connected ' .. ARGV[1], epoch)
local one, other = unpack(redis.call('HMGET', KEYS[1], 'connected ' .. a, 'connected ' .. b))
if state == 'live' or one ~= epoch or other ~= epoch then return '' end
redis.call('HSET', KEYS[1], 'state', 'live')
redis.call('ZADD', 'deadlines', ARGV[4], ARGV[3])
for _, user in ipairs({a, b}) do
  local id = redis.call('XADD', 'ev:' .. user, 'MAXLEN', '~', 1000, '*', 'd', '', 'e', ARGV[6])
  redis.call('PEXPIRE', 'ev:' .. user, ARGV[5])
  redis.call('PUBLISH', 'ev:' .. user, id .. '  ' .. ARGV[6])
end
return ''
