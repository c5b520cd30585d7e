-- A process matches for another lease, if no other does.
-- KEYS[1] the process that matches        queue:{region}:matchmaker
-- ARGV    the process, ms
-- Returns whether it does: 1 or 0.
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then
  return 0
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
