-- Take two who wait out of the queue together, for a call that is still to be offered.
-- KEYS[1] call:<id>
-- ARGV[1] now, ms   ARGV[2] call id   ARGV[3] mode   ARGV[4] when another node goes on with it, ms   ARGV[5] why these two, JSON
-- ARGV[6] user   ARGV[7] ticket   ARGV[8...] user and ticket of each who may be offered, the best first
-- Returns which of them it is; 0: none of them waits any more; -1: this user does not.
local function waits(user, id)
  local own = redis.call('GET', 'ticket:' .. user)
  local lease = own and redis.call('ZSCORE', 'leases', user)
  return lease and string.sub(own, 1, #id) == id and tonumber(lease) > tonumber(ARGV[1]) and own
end
local mine = waits(ARGV[6], ARGV[7])
if not mine then return -1 end
local function take(user, id, own)
  local mode, since, gender = string.match(own, '^%S+ (%S+) (%S+) (%S+)')
  local text = redis.call('HGET', 'tickets', id)
  redis.call('DEL', 'ticket:' .. user)
  redis.call('HDEL', 'tickets', id)
  redis.call('ZREM', 'leases', user)
  redis.call('ZREM', 'queue:' .. mode, id)
  redis.call('ZREM', 'queue:' .. mode .. ':' .. gender, id)
  redis.call('SET', 'in:' .. user, ARGV[2], 'EX', 86400)
  redis.call('LPUSH', 'waits:' .. mode .. ':' .. gender, ARGV[1] - since)
  redis.call('LTRIM', 'waits:' .. mode .. ':' .. gender, 0, 255)
  return gender, text
end
for i = 8, #ARGV, 2 do
  local theirs = waits(ARGV[i], ARGV[i + 1])
  if theirs then
    local gender_a, ticket_a = take(ARGV[i], ARGV[i + 1], theirs)
    local gender_b, ticket_b = take(ARGV[6], ARGV[7], mine)
    redis.call('HSET', KEYS[1], 'a', ARGV[i], 'b', ARGV[6], 'mode', ARGV[3], 'state', 'claimed', 'epoch', 0, 'gender_a', gender_a,
      'gender_b', gender_b, 'ticket_a', ticket_a, 'ticket_b', ticket_b, 'why', ARGV[5])
    redis.call('PEXPIRE', KEYS[1], 86400000)
    redis.call('ZADD', 'deadlines', ARGV[4], ARGV[2])
    return (i - 6) / 2
  end
end
return 0
