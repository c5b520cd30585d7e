-- Count a failed look at a call that this node cannot read, and set the call aside after enough of them: nodes that can
-- read it have had as many chances. A change by one of them starts the count again.
-- KEYS[1] the call        call:{shard}:<id>      (failed looks: fields "unread" and "unread_version")
-- KEYS[2] its outbox      outbox:{shard}:<id>
-- KEYS[3] attention       attention:{shard}
-- KEYS[4] set aside       aside:{shard}          (list of "<call id> <document>", then of its effects)
-- ARGV[1] call id         ARGV[2] most looks     ARGV[3] most kept aside    ARGV[4] ms they are kept
-- Returns 1 when it was set aside.
local version, before = unpack(redis.call('HMGET', KEYS[1], 'version', 'unread_version'))
if not version then
  return 0
end
if version ~= before then
  redis.call('HSET', KEYS[1], 'unread', 0, 'unread_version', version)
end
if redis.call('HINCRBY', KEYS[1], 'unread', 1) < tonumber(ARGV[2]) then
  return 0
end
redis.call('RPUSH', KEYS[4], ARGV[1] .. ' ' .. redis.call('HGET', KEYS[1], 'document'))
for _, entry in ipairs(redis.call('LRANGE', KEYS[2], 0, -1)) do
  redis.call('RPUSH', KEYS[4], ARGV[1] .. ' ' .. entry)
end
redis.call('LTRIM', KEYS[4], -ARGV[3], -1)
redis.call('PEXPIRE', KEYS[4], ARGV[4])
redis.call('DEL', KEYS[1], KEYS[2])
redis.call('ZREM', KEYS[3], ARGV[1])
return 1
