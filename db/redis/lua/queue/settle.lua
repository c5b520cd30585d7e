-- A claim has become an offer, or has failed: remove it, and the tickets that it still holds. From now on this call is
-- what took their users out of the queue, for as long as that is remembered.
-- KEYS[1]  prefix of the region's queue
-- ARGV     call id, remember for (ms), first ticket id, first user id, second ticket id, second user id
local q, call = KEYS[1], ARGV[1]
local held = redis.call('HMGET', q .. ':held', ARGV[3], ARGV[5])
local owns = redis.call('HMGET', q .. ':users', ARGV[4], ARGV[6])
local tickets, users = {}, {}
for nth = 1, 2 do
  local id, user = ARGV[1 + 2 * nth], ARGV[2 + 2 * nth]
  if held[nth] == call then
    tickets[#tickets + 1] = id
    if owns[nth] == id then
      users[#users + 1] = user
      redis.call('SET', q .. ':out:' .. user, call, 'PX', ARGV[2])
    end
  end
end
if #tickets > 0 then
  for _, part in ipairs({'held', 'tickets', 'places'}) do
    redis.call('HDEL', q .. ':' .. part, unpack(tickets))
  end
end
if #users > 0 then
  redis.call('HDEL', q .. ':users', unpack(users))
  redis.call('ZREM', q .. ':leases', unpack(users))
end
redis.call('HDEL', q .. ':claims', call)
redis.call('ZREM', q .. ':claimed', call)
