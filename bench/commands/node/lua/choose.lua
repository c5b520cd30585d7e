-- A user chooses how to be seen; whoever watches them is told what is seen now.
-- KEYS[1] pr:<user>
-- ARGV[1] user   ARGV[2] online, away or invisible   ARGV[3] now, ms   ARGV[4] now, as clients are told
local status = ARGV[2]
if status == 'invisible' then
  if redis.call('HGET', KEYS[1], 'own') == 'invisible' then return end
  status = 'offline'
elseif redis.call('EXISTS', 'in:' .. ARGV[1]) == 1 then
  status = 'in_call'
elseif redis.call('EXISTS', 'ticket:' .. ARGV[1]) == 1 then
  status = 'queuing'
end
redis.call('HSET', KEYS[1], 'own', ARGV[2], 'seen', ARGV[3])
redis.call('PUBLISH', KEYS[1], '{"user_id":"' .. ARGV[1] .. '","status":"' .. status .. '","last_seen":"' .. ARGV[4] .. '"}')
