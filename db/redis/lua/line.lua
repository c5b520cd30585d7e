-- Note which call a user has been told of, so that signals for it may reach them; or that it is over.
-- KEYS[1] the user's line (hash: told, from, device, until, last, and a count for each kind of signal)    line:{user}
-- ARGV[1] call id      ARGV[2] its epoch, or "over"
-- ARGV[3] device of the other one, who may signal       ARGV[4] the user's own device
-- ARGV[5] until when this counts, Unix ms               ARGV[6] milliseconds to keep it
-- A line never goes back: not to an older call, whose id is less, not to an older epoch, and not from over to open.
-- Returns 1; 0 if the line says as much or more already.
local told = redis.call('HGET', KEYS[1], 'told')
if told then
  local call, epoch = string.match(told, '^(%S+) (%S+)$')
  if call > ARGV[1] then
    return 0
  end
  if call == ARGV[1] and (epoch == 'over' or tonumber(epoch) >= (tonumber(ARGV[2]) or math.huge)) then
    return 0
  end
end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'told', ARGV[1] .. ' ' .. ARGV[2], 'from', ARGV[3], 'device', ARGV[4], 'until', ARGV[5])
redis.call('PEXPIRE', KEYS[1], ARGV[6])
return 1
