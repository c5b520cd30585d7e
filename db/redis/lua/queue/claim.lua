-- Take two tickets out of the queue together and leave the claim as a record, or do nothing.
-- Both must be waiting in their pools, unclaimed, with a lease that has not expired. How long they waited is noted.
-- KEYS[1]  prefix of the region's queue
-- ARGV     now (ms), call id, claim, first ticket id, first user id, second ticket id, second user id
-- Returns  0 both are taken; 2 the second, who seeks, could not be taken; 1 only the first could not
local q, now, call = KEYS[1], tonumber(ARGV[1]), ARGV[2]
local tickets = {ARGV[4], ARGV[6]}
local owns = redis.call('HMGET', q .. ':users', ARGV[5], ARGV[7])
local held = redis.call('HMGET', q .. ':held', unpack(tickets))
local places = redis.call('HMGET', q .. ':places', unpack(tickets))
local leases = redis.call('ZMSCORE', q .. ':leases', ARGV[5], ARGV[7])
local since = {}
for nth = 2, 1, -1 do
  local id = tickets[nth]
  local waits = owns[nth] == id and not held[nth] and places[nth]
  since[nth] = waits and redis.call('ZSCORE', q .. ':' .. string.match(waits, '%S+'), id)
  if not since[nth] or not leases[nth] or tonumber(leases[nth]) <= now then
    return nth
  end
end
local standing, all = {}, {} -- by place, those of the two who stand in it; and the places
for nth, id in ipairs(tickets) do
  note_wait(q, string.format('%.0f', now - since[nth]), places[nth])
  for place in string.gmatch(places[nth], '%S+') do
    if standing[place] then
      standing[place][2] = id
    else
      standing[place] = {id}
      all[#all + 1] = place
    end
  end
end
for _, place in ipairs(all) do
  redis.call('ZREM', q .. ':' .. place, unpack(standing[place]))
end
redis.call('HSET', q .. ':held', tickets[1], call, tickets[2], call)
redis.call('HSET', q .. ':claims', call, ARGV[3])
redis.call('ZADD', q .. ':claimed', now, call)
return 0
