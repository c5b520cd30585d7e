-- Set the status that a user chose. A user who becomes invisible was last seen now, and not after that.
-- KEYS[1] user  presence:{shard}:<user>
-- ARGV[1] now, Unix ms    ARGV[2] online, away or invisible    ARGV[3] ms the hash is kept
-- ARGV[4] channel on which it is said
if redis.call('HGET', KEYS[1], 'own') ~= 'invisible' or ARGV[2] ~= 'invisible' then
  redis.call('HSET', KEYS[1], 'own', ARGV[2], 'last_seen', ARGV[1])
end  -- else it is what it was
redis.call('PEXPIRE', KEYS[1], ARGV[3])
redis.call('PUBLISH', ARGV[4], '')
