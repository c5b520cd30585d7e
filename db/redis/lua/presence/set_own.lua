-- Set the status that a user chose. A user who becomes invisible was last seen now, and not after that.
-- KEYS[1] user  presence:{shard}:<user>
-- ARGV[1] now, Unix ms    ARGV[2] online, away or invisible    ARGV[3] ms the hash is kept
if redis.call('HGET', KEYS[1], 'own') ~= 'invisible' or ARGV[2] ~= 'invisible' then
  redis.call('HSET', KEYS[1], 'last_seen', ARGV[1])
end
redis.call('HSET', KEYS[1], 'own', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
