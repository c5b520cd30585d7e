-- Save a call if nobody has changed it since it was read, and append the effects of the change to its outbox.
-- KEYS[1] the call (hash: version, document, deadline, kept, effects)      call:{shard}:<id>
-- KEYS[2] its outbox (list)                                               outbox:{shard}:<id>
-- KEYS[3] when calls want attention (sorted set, Unix ms)                 attention:{shard}
-- ARGV[1] version that was read, 0 for a new call    ARGV[2] document    ARGV[3] call id
-- ARGV[4] deadline in Unix ms, or ""                 ARGV[5] when another node performs the effects
-- ARGV[6] milliseconds to keep the call              ARGV[7] the same while effects are not done
-- ARGV[8...] effects
-- Returns the whole outbox, oldest first; false if another change was faster.
local version = tonumber(redis.call('HGET', KEYS[1], 'version') or '0')
if version ~= tonumber(ARGV[1]) then
  return false
end
redis.call('HSET', KEYS[1], 'version', version + 1, 'document', ARGV[2], 'deadline', ARGV[4], 'kept', ARGV[6])
for i = 8, #ARGV do
  local number = redis.call('HINCRBY', KEYS[1], 'effects', 1)
  redis.call('RPUSH', KEYS[2], number .. ' ' .. ARGV[i])
end
local outbox = redis.call('LRANGE', KEYS[2], 0, -1)
redis.call('PEXPIRE', KEYS[1], #outbox > 0 and ARGV[7] or ARGV[6])
redis.call('PEXPIRE', KEYS[2], ARGV[7])
local attention = tonumber(ARGV[4])
if #outbox > 0 then
  attention = math.min(attention or math.huge, tonumber(ARGV[5]))
end
if attention then
  redis.call('ZADD', KEYS[3], string.format('%.0f', attention), ARGV[3])
else
  redis.call('ZREM', KEYS[3], ARGV[3])
end
return outbox
