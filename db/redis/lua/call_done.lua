-- Take performed effects out of a call's outbox, and set aside those that have failed for too long. If nothing is left,
-- the call next needs attention at its deadline. While failing effects are left, it also does after as long again as
-- the latest of them has failed, so that many such calls cost little.
-- KEYS[1] the call        call:{shard}:<id>      (when each effect failed first: field "failed <number>", Unix ms)
-- KEYS[2] its outbox      outbox:{shard}:<id>
-- KEYS[3] attention       attention:{shard}
-- KEYS[4] set aside       aside:{shard}          (list of "<call id> <entry>", for an operator)
-- ARGV[1] call id         ARGV[2] now, Unix ms                 ARGV[3] ms after which an effect is given up
-- ARGV[4] least ms until it is tried again                     ARGV[5] most kept aside    ARGV[6] ms they are kept
-- ARGV[7] how many were performed                              ARGV[8...] their numbers, then those that failed
-- Returns the entries that were set aside.
local now, patience, performed = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[7])
local done, gone, entries = {}, {}, redis.call('LRANGE', KEYS[2], 0, -1)
for i = 8, 7 + performed do
  done[ARGV[i]] = true
end
for _, entry in ipairs(entries) do
  if done[string.match(entry, '^%S+')] then
    gone[#gone + 1] = entry
  end
end
if #gone == #entries then
  redis.call('DEL', KEYS[2])
else
  for _, entry in ipairs(gone) do
    redis.call('LREM', KEYS[2], 1, entry)
  end
end
local aside, failing, again = {}, 0, patience
for i = 8 + performed, #ARGV do
  local field = 'failed ' .. string.match(ARGV[i], '^%S+')
  if redis.call('EXISTS', KEYS[1]) == 1 then
    redis.call('HSETNX', KEYS[1], field, ARGV[2])
  end
  local since = now - tonumber(redis.call('HGET', KEYS[1], field) or '0')
  if since < patience then
    failing, again = failing + 1, math.min(again, since)
  elseif redis.call('LREM', KEYS[2], 1, ARGV[i]) == 1 then
    redis.call('RPUSH', KEYS[4], ARGV[1] .. ' ' .. ARGV[i])
    redis.call('LTRIM', KEYS[4], -ARGV[5], -1)
    redis.call('PEXPIRE', KEYS[4], ARGV[6])
    aside[#aside + 1] = ARGV[i]
  end
end
local left = redis.call('LLEN', KEYS[2])
if left > failing then
  return aside
end
local deadline, kept = unpack(redis.call('HMGET', KEYS[1], 'deadline', 'kept'))
local attention = deadline and tonumber(deadline)
if left > 0 then
  attention = math.min(attention or math.huge, now + math.max(again, tonumber(ARGV[4])))
elseif kept then
  redis.call('PEXPIRE', KEYS[1], kept)
end
if attention then
  redis.call('ZADD', KEYS[3], string.format('%.0f', attention), ARGV[1])
else
  redis.call('ZREM', KEYS[3], ARGV[1])
end
return aside
