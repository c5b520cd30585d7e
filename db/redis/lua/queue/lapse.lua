-- Take out tickets whose lease has expired: no node holds a connection of their users any more.
-- KEYS[1]  prefix of the region's queue
-- ARGV     now (ms), most to take, remember that they went out with it for (ms)
-- Returns  ticket id, "user reason", ticket id, ...: all who left, for any reason, and were not told yet
local q = KEYS[1]
for _, user in ipairs(redis.call('ZRANGEBYSCORE', q .. ':leases', '-inf', ARGV[1], 'LIMIT', 0, ARGV[2])) do
  local id = redis.call('HGET', q .. ':users', user)
  if not id then
    redis.call('ZREM', q .. ':leases', user)
  elseif redis.call('HEXISTS', q .. ':held', id) == 0 then
    take_out(q, user, id, redis.call('HGET', q .. ':places', id), 'disconnected', ARGV[3])
  end
end
if redis.call('TTL', q .. ':restored') == -1 then -- kept by earlier versions, which nobody else would clear away
  redis.call('PEXPIRE', q .. ':restored', ARGV[3])
end
return redis.call('HGETALL', q .. ':gone')
