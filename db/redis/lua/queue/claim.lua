-- Take two tickets out of the queue together and leave the claim as a record, or do nothing.
-- Both must be waiting in their pools, unclaimed, with a lease that has not expired. How long they waited is noted.
-- KEYS[1]  prefix of the region's queue
-- ARGV     now (ms), call id, claim, first ticket id, first user id, second ticket id, second user id
-- Returns  0 both are taken; 1 the first could not be taken; 2 the second could not
local q, now, call = KEYS[1], tonumber(ARGV[1]), ARGV[2]
for nth = 1, 2 do
  local id, user = ARGV[2 + 2 * nth], ARGV[3 + 2 * nth]
  local lease = redis.call('ZSCORE', q .. ':leases', user)
  local waits = redis.call('HGET', q .. ':users', user) == id
    and redis.call('HEXISTS', q .. ':held', id) == 0
  local mode = waits and string.match(redis.call('HGET', q .. ':places', id), '%S+')
  if not waits or not redis.call('ZSCORE', q .. ':' .. mode, id) or not lease or tonumber(lease) <= now then
    return nth
  end
end
for nth = 1, 2 do
  local id = ARGV[2 + 2 * nth]
  local places = redis.call('HGET', q .. ':places', id)
  local mode = q .. ':' .. string.match(places, '%S+')
  local waited = now - redis.call('ZSCORE', mode, id)
  redis.call('LPUSH', mode .. ':waits', string.format('%.0f %s', waited, places))
  redis.call('LTRIM', mode .. ':waits', 0, 511)
  for place in string.gmatch(places, '%S+') do
    redis.call('ZREM', q .. ':' .. place, id)
  end
  redis.call('HSET', q .. ':held', id, call)
end
redis.call('HSET', q .. ':claims', call, ARGV[3])
redis.call('ZADD', q .. ':claimed', now, call)
return 0
