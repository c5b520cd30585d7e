-- Set the status that a user chose. A user who becomes invisible was last seen now, and not after that.
-- KEYS[1] user  presence:{shard}:<user>
-- ARGV[1] now, Unix ms    ARGV[2] online, away or invisible    ARGV[3] ms the hash is kept
-- ARGV[4] channel on which it is said: the status and when they were last seen, or nothing, as there is no news
if ARGV[2] == 'invisible' and redis.call('HGET', KEYS[1], 'own') == ARGV[2] then
  redis.call('PUBLISH', ARGV[4], '')
  return
end
if redis.call('HSET', KEYS[1], 'own', ARGV[2], 'last_seen', ARGV[1]) == 2 then  -- Redis has just lost it
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
end
redis.call('PUBLISH', ARGV[4], ARGV[2] .. ' ' .. ARGV[1])
