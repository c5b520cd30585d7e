-- Prolong leases of one shard. Returns the positions, from 0, of connections that are unknown, or have left, or whose
-- expiry a node is handling: others may have been told that they are gone.
-- KEYS[1] leases  presence:{shard}:leases       KEYS[2...] user of each  presence:{shard}:<user>
-- ARGV[1] now, Unix ms    ARGV[2] leases end    ARGV[3] ms the hashes are kept
-- ARGV[4...] user id and connection of each
local unknown = {}
for i = 2, #KEYS do
  local user, connection = ARGV[2 * i], ARGV[2 * i + 1]
  local held = redis.call('HGET', KEYS[i], '@' .. connection)
  if held and string.sub(held, 1, 2) ~= '0 ' then
    local due = redis.call('ZSCORE', KEYS[1], user .. ' ' .. connection)
    if not due or tonumber(due) ~= tonumber(string.match(held, '^%d+')) then
      unknown[#unknown + 1] = i - 2
    end
    redis.call('ZADD', KEYS[1], ARGV[2], user .. ' ' .. connection)
    redis.call('HSET', KEYS[i], '@' .. connection, ARGV[2] .. string.match(held, ' .*'))
    if redis.call('HGET', KEYS[i], 'own') ~= 'invisible' then
      redis.call('HSET', KEYS[i], 'last_seen', ARGV[1])
    end
    redis.call('PEXPIRE', KEYS[i], ARGV[3])
  else
    unknown[#unknown + 1] = i - 2
  end
end
return unknown
