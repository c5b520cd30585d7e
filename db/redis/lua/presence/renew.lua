-- Prolong leases of one shard. Returns the positions, from 0, of connections that are unknown, or have left, or whose
-- expiry a node is handling: others may have been told that they are gone.
-- KEYS[1] leases  presence:{shard}:leases       KEYS[2...] user of each  presence:{shard}:<user>
-- ARGV[1] now, Unix ms    ARGV[2] leases end    ARGV[3] ms the hashes are kept
-- ARGV[4...] user id and connection of each
local names, unknown, prolonged = {}, {}, {}
for i = 2, #KEYS do
  names[i - 1] = ARGV[2 * i] .. ' ' .. ARGV[2 * i + 1]
end
local dues = redis.call('ZMSCORE', KEYS[1], unpack(names))
for i = 2, #KEYS do
  local field, due = '@' .. ARGV[2 * i + 1], dues[i - 1]
  local held, own = unpack(redis.call('HMGET', KEYS[i], field, 'own'))
  if held and string.sub(held, 1, 2) ~= '0 ' then
    if not due or tonumber(due) ~= tonumber(string.match(held, '^%d+')) then
      unknown[#unknown + 1] = i - 2
    end
    prolonged[#prolonged + 1] = ARGV[2]
    prolonged[#prolonged + 1] = names[i - 1]
    local lease = ARGV[2] .. string.match(held, ' .*')
    if own ~= 'invisible' then
      redis.call('HSET', KEYS[i], field, lease, 'last_seen', ARGV[1])
    else
      redis.call('HSET', KEYS[i], field, lease)
    end
    if math.floor(ARGV[2] / 86400000) ~= math.floor(string.match(held, '^%d+') / 86400000) then  -- once a day
      redis.call('PEXPIRE', KEYS[i], ARGV[3])
    end
  else
    unknown[#unknown + 1] = i - 2
  end
end
if #prolonged > 0 then
  redis.call('ZADD', KEYS[1], unpack(prolonged))
end
return unknown
