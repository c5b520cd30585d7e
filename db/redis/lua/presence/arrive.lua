-- Add a connection, which counts until its lease ends. Returns the user's hash.
-- KEYS[1] leases  presence:{shard}:leases       KEYS[2] user  presence:{shard}:<user>
-- ARGV[1] now, Unix ms    ARGV[2] lease ends    ARGV[3] ms the hash is kept
-- ARGV[4] user id         ARGV[5] connection    ARGV[6] device
redis.call('ZADD', KEYS[1], ARGV[2], ARGV[4] .. ' ' .. ARGV[5])
redis.call('HSET', KEYS[2], '@' .. ARGV[5], ARGV[2] .. ' ' .. ARGV[6])
if redis.call('HGET', KEYS[2], 'own') ~= 'invisible' then
  redis.call('HSET', KEYS[2], 'last_seen', ARGV[1])
end
redis.call('PEXPIRE', KEYS[2], ARGV[3])
return redis.call('HGETALL', KEYS[2])
