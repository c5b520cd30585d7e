-- Save a call if nobody has changed it since it was read, and append the effects of the change to its outbox.
-- KEYS[1] the call (hash: version, document, deadline, kept, effects)      call:{shard}:<id>
-- KEYS[2] its outbox (list)                                               outbox:{shard}:<id>
-- KEYS[3] when calls want attention (sorted set, Unix ms)                 attention:{shard}
-- KEYS[4] its timeline, as remember.lua says                              timeline:{shard}:<id>
-- ARGV[1] version that was read, 0 for a new call    ARGV[2] document    ARGV[3] call id
-- ARGV[4] deadline in Unix ms, or ""                 ARGV[5] when another node performs the effects
-- ARGV[6] milliseconds to keep the call              ARGV[7] the same while effects are not done
-- ARGV[8] most notes of a call                       ARGV[9] how many notes of this change
-- ARGV[10...] these notes, then effects
-- Returns the number of the first of these effects, and what was in the outbox before, oldest first. If another change was
-- faster: false, and then the version that there is now and its document, if there is one.
local version, effects = unpack(redis.call('HMGET', KEYS[1], 'version', 'effects'))
version, effects = tonumber(version or '0'), tonumber(effects or '0')
if version ~= tonumber(ARGV[1]) then
  return {false, version, redis.call('HGET', KEYS[1], 'document')}
end
local notes = tonumber(ARGV[9])
local new = #ARGV - 9 - notes
remember(10, notes, tonumber(ARGV[8]), ARGV[7])
redis.call('HSET', KEYS[1], 'version', version + 1, 'document', ARGV[2], 'deadline', ARGV[4], 'kept', ARGV[6],
  'effects', effects + new)
local found = version > 0 and redis.call('LRANGE', KEYS[2], 0, -1) or {}
if new > 0 then
  local entries = {}
  for i = 1, new do
    entries[i] = (effects + i) .. ' ' .. ARGV[9 + notes + i]
  end
  redis.call('RPUSH', KEYS[2], unpack(entries))
  redis.call('PEXPIRE', KEYS[2], ARGV[7])
end
local waiting = new + #found > 0
redis.call('PEXPIRE', KEYS[1], waiting and ARGV[7] or ARGV[6])
local attention = tonumber(ARGV[4])
if waiting then
  attention = math.min(attention or math.huge, tonumber(ARGV[5]))
end
if attention then
  redis.call('ZADD', KEYS[3], string.format('%.0f', attention), ARGV[3])
else
  redis.call('ZREM', KEYS[3], ARGV[3])
end
table.insert(found, 1, effects + 1)
return found
