-- Take performed effects out of a call's outbox; when none is left, the call next wants attention at its deadline.
-- KEYS[1] the call        call:{shard}:<id>
-- KEYS[2] its outbox      outbox:{shard}:<id>
-- KEYS[3] attention       attention:{shard}
-- ARGV[1] call id         ARGV[2...] the performed entries
for i = 2, #ARGV do
  redis.call('LREM', KEYS[2], 1, ARGV[i])
end
if redis.call('LLEN', KEYS[2]) > 0 then
  return
end
local deadline, kept = unpack(redis.call('HMGET', KEYS[1], 'deadline', 'kept'))
if kept then
  redis.call('PEXPIRE', KEYS[1], kept)
end
if deadline and deadline ~= '' then
  redis.call('ZADD', KEYS[3], deadline, ARGV[1])
else
  redis.call('ZREM', KEYS[3], ARGV[1])
end
