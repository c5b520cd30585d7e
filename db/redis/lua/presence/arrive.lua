-- Add a connection, which counts until its lease ends. Returns the status that the user chose; false: none.
-- KEYS[1] leases  presence:{shard}:leases       KEYS[2] user  presence:{shard}:<user>
-- ARGV[1] now, Unix ms    ARGV[2] lease ends    ARGV[3] ms the hash is kept
-- ARGV[4] user id         ARGV[5] connection    ARGV[6] device        ARGV[7] channel on which it is said
redis.call('ZADD', KEYS[1], ARGV[2], ARGV[4] .. ' ' .. ARGV[5])
local field, lease = '@' .. ARGV[5], ARGV[2] .. ' ' .. ARGV[6]
local own = redis.call('HGET', KEYS[2], 'own')
if own ~= 'invisible' then
  redis.call('HSET', KEYS[2], field, lease, 'last_seen', ARGV[1])
else
  redis.call('HSET', KEYS[2], field, lease)
end
redis.call('PEXPIRE', KEYS[2], ARGV[3])
redis.call('PUBLISH', ARGV[7], '')
return own
