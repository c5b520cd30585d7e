-- Take out tickets whose lease has expired: no node holds a connection of their users any more. They are noted to have left
-- when they were last known to be there, unless nobody could judge for a lease since: then it was an outage that ended them.
-- KEYS[1]  prefix of the region's queue
-- ARGV     now (ms), most to take, remember that they went out with it for (ms), how long a lease is (ms) or ''
-- Returns  ticket id, "user reason", ticket id, ...: all who left, for any reason, and were not told yet
local q = KEYS[1]
local lapsed = redis.call('ZRANGEBYSCORE', q .. ':leases', '-inf', ARGV[1], 'WITHSCORES', 'LIMIT', 0, ARGV[2])
for nth = 1, #lapsed, 2 do
  local user, until_ms = lapsed[nth], lapsed[nth + 1]
  local id = redis.call('HGET', q .. ':users', user)
  if not id then
    redis.call('ZREM', q .. ':leases', user)
  elseif redis.call('HEXISTS', q .. ':held', id) == 0 then
    local places = redis.call('HGET', q .. ':places', id)
    if ARGV[4] ~= '' and ARGV[1] - until_ms < tonumber(ARGV[4]) then
      note_departure(q, user, id, places, until_ms - ARGV[4])
    end
    take_out(q, user, id, places, 'disconnected', ARGV[3])
  end
end
if redis.call('TTL', q .. ':restored') == -1 then -- kept by earlier versions, which nobody else would clear away
  redis.call('PEXPIRE', q .. ':restored', ARGV[3])
end
return redis.call('HGETALL', q .. ':gone')
