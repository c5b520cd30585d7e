-- A connection is gone. Returns the user's hash as it is then, when it has left.
-- 'left' keeps it as a lease that ended at 0 and is claimed until ARGV[5]: if this node does not finish what follows
-- from the departure, another one finds it like any expired lease. 'lapsed' removes it.
-- KEYS[1] leases  presence:{shard}:leases       KEYS[2] user  presence:{shard}:<user>
-- ARGV[1] now, Unix ms    ARGV[2] user id       ARGV[3] connection
-- ARGV[4] 'left': it was there until now; 'lapsed': all that follows is done; it stays if it has come back
-- ARGV[5] claimed until    ARGV[6] channel on which a departure is said
local field = '@' .. ARGV[3]
local lapsed = ARGV[4] == 'lapsed'
local held = redis.call('HGET', KEYS[2], field)
local lease = ARGV[2] .. ' ' .. ARGV[3]
if not held then
  redis.call('ZREM', KEYS[1], lease)
elseif not lapsed then
  redis.call('HSET', KEYS[2], field, '0' .. string.match(held, ' .*'))
  redis.call('ZADD', KEYS[1], ARGV[5], lease)
  if redis.call('HGET', KEYS[2], 'own') ~= 'invisible' then
    redis.call('HSET', KEYS[2], 'last_seen', ARGV[1])
  end
elseif tonumber(string.match(held, '^%d+')) <= tonumber(ARGV[1]) then
  redis.call('HDEL', KEYS[2], field)
  redis.call('ZREM', KEYS[1], lease)
end
if not lapsed then
  redis.call('PUBLISH', ARGV[6], '')
  return redis.call('HGETALL', KEYS[2])
end
