-- Set aside a claim that no node can finish. The users that it still holds leave the queue, and a note
-- says that they must be told. They went out with its call, so their places can still be given back if it exists.
-- KEYS[1]  prefix of the region's queue
-- ARGV     call id, remember that they went out with it for (ms), most kept aside, keep them for (ms)
-- Returns  1 if it was set aside; 0 if it was not there any more
local q, call = KEYS[1], ARGV[1]
local claim = redis.call('HGET', q .. ':claims', call)
redis.call('HDEL', q .. ':claims', call)
redis.call('ZREM', q .. ':claimed', call)
if not claim then
  return 0
end
redis.call('RPUSH', q .. ':aside', claim)
redis.call('LTRIM', q .. ':aside', -ARGV[3], -1)
redis.call('PEXPIRE', q .. ':aside', ARGV[4])
local users, held = redis.call('HGETALL', q .. ':users'), {}
local tickets = redis.call('HGETALL', q .. ':held')
for nth = 1, #tickets, 2 do
  held[tickets[nth]] = tickets[nth + 1] == call
end
for nth = 1, #users, 2 do
  local user, id = users[nth], users[nth + 1]
  if held[id] then
    for _, part in ipairs({'held', 'tickets', 'places'}) do
      redis.call('HDEL', q .. ':' .. part, id)
    end
    redis.call('HDEL', q .. ':users', user)
    redis.call('ZREM', q .. ':leases', user)
    redis.call('SET', q .. ':out:' .. user, call, 'PX', ARGV[2])
    redis.call('HSET', q .. ':gone', id, user .. ' disconnected')
  end
end
return 1
