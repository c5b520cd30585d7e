-- A process of echo calls is there for another lease, and takes over the calls of those that are not.
-- KEYS[1] processes, by when their lease ends        echo:{echo}:processes
-- KEYS[2] seats, "<process> <call>", by when a forgotten one is free       echo:{echo}:seats
-- ARGV[1] now, Unix ms      ARGV[2] the process      ARGV[3] until when it is there      ARGV[4] seats it has
-- Returns the calls that have a seat there now.
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', ARGV[1])
redis.call('ZADD', KEYS[1], ARGV[3], ARGV[2])
local held, orphans = {}, {}
for _, seat in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1)) do
  local process, call = string.match(seat, '^(%S+) (%S+)$')
  if process == ARGV[2] then
    held[#held + 1] = call
  elseif not redis.call('ZSCORE', KEYS[1], process) then
    orphans[#orphans + 1] = seat
  end
end
for _, seat in ipairs(orphans) do
  if #held < tonumber(ARGV[4]) then
    local call, till = string.match(seat, '%S+$'), redis.call('ZSCORE', KEYS[2], seat)
    redis.call('ZREM', KEYS[2], seat)
    redis.call('ZADD', KEYS[2], till, ARGV[2] .. ' ' .. call)
    held[#held + 1] = call
  end
end
return held
