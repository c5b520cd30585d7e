-- A connection is gone. Returns the user's hash as it is then.
-- KEYS[1] leases  presence:{shard}:leases       KEYS[2] user  presence:{shard}:<user>
-- ARGV[1] now, Unix ms    ARGV[2] user id       ARGV[3] connection
-- ARGV[4] 'left': it was there until now; 'lapsed': nobody knows since when, and only if it did not come back
local field = '@' .. ARGV[3]
local lapsed = ARGV[4] == 'lapsed'
local held = redis.call('HGET', KEYS[2], field)
if held and not (lapsed and tonumber(string.match(held, '^%d+')) > tonumber(ARGV[1])) then
  redis.call('HDEL', KEYS[2], field)
  redis.call('ZREM', KEYS[1], ARGV[2] .. ' ' .. ARGV[3])
  if not lapsed and redis.call('HGET', KEYS[2], 'own') ~= 'invisible' then
    redis.call('HSET', KEYS[2], 'last_seen', ARGV[1])
  end
elseif not held then
  redis.call('ZREM', KEYS[1], ARGV[2] .. ' ' .. ARGV[3])
end
return redis.call('HGETALL', KEYS[2])
