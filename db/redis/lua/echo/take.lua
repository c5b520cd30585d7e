-- Take a seat for a call at the process of echo calls that has most room, and tell that process.
-- KEYS[1] processes, by when their lease ends        echo:{echo}:processes
-- KEYS[2] seats, "<process> <call>", by when a forgotten one is free       echo:{echo}:seats
-- ARGV[1] now, Unix ms      ARGV[2] call id      ARGV[3] until when the seat is taken      ARGV[4] seats of a process
-- Returns the process; "" if there is none; or, if all are full, until when the first seat is taken.
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', ARGV[1])
local taken = {}
for _, seat in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1)) do
  local process = string.match(seat, '^%S+')
  taken[process] = (taken[process] or 0) + 1
end
local best, least
for _, process in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. ARGV[1], '+inf')) do
  if not best or (taken[process] or 0) < least then
    best, least = process, taken[process] or 0
  end
end
if not best then
  return ''
end
if least >= tonumber(ARGV[4]) then
  return tonumber(redis.call('ZRANGE', KEYS[2], 0, 0, 'WITHSCORES')[2])
end
redis.call('ZADD', KEYS[2], ARGV[3], best .. ' ' .. ARGV[2])
redis.call('PUBLISH', 'echo:' .. best, ARGV[2])
return best
