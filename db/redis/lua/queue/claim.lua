-- Take two tickets out of the queue together and leave the claim as a record, or do nothing.
-- Both must be waiting in their pools, unclaimed, with a lease that has not expired. How long they waited is noted.
-- KEYS[1]  prefix of the region's queue
-- ARGV     now (ms), call id, claim, first ticket id, first user id, second ticket id, second user id
-- Returns  0 both are taken; 2 the second, who seeks, could not be taken; 1 only the first could not
local q, now, call = KEYS[1], tonumber(ARGV[1]), ARGV[2]
local first, second = ARGV[4], ARGV[6]
local owns = redis.call('HMGET', q .. ':users', ARGV[5], ARGV[7])
local held = redis.call('HMGET', q .. ':held', first, second)
local places = redis.call('HMGET', q .. ':places', first, second)
local since = {}
for nth = 2, 1, -1 do
  local id, user = ARGV[2 + 2 * nth], ARGV[3 + 2 * nth]
  local waits = owns[nth] == id and not held[nth] and places[nth]
  since[nth] = waits and redis.call('ZSCORE', q .. ':' .. string.match(waits, '%S+'), id)
  local lease = since[nth] and redis.call('ZSCORE', q .. ':leases', user)
  if not lease or tonumber(lease) <= now then
    return nth
  end
end
for nth = 1, 2 do
  local id = ARGV[2 + 2 * nth]
  local waits = q .. ':' .. string.match(places[nth], '%S+') .. ':waits'
  redis.call('LPUSH', waits, string.format('%.0f %s', now - since[nth], places[nth]))
  redis.call('LTRIM', waits, 0, 511)
  for place in string.gmatch(places[nth], '%S+') do
    redis.call('ZREM', q .. ':' .. place, id)
  end
end
redis.call('HSET', q .. ':held', first, call, second, call)
redis.call('HSET', q .. ':claims', call, ARGV[3])
redis.call('ZADD', q .. ':claimed', now, call)
return 0
