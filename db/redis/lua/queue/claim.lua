-- Take two tickets out of the queue together and leave the claim as a record, or do nothing.
-- Both must be waiting in their pools, unclaimed, with a lease that has not expired. How long they waited is noted. The
-- second seeks; the first is whoever of those named still waits, the best first, as other nodes may have been faster.
-- KEYS[1]  prefix of the region's queue
-- ARGV     now (ms), call id, the claim up to the first ticket, the rest of the claim, channel on which other nodes are told
--          the ids of the two tickets, or ''; second ticket id, second user id; then those of each who may be the first
-- Returns  how many of those named were gone before the one who was taken, so all of them if none was; -1: the second was
--          gone itself
local q, now, call = KEYS[1], tonumber(ARGV[1]), ARGV[2]
local ids, users = {}, {}
for nth = 6, #ARGV, 2 do
  ids[#ids + 1], users[#users + 1] = ARGV[nth], ARGV[nth + 1]
end
local owns = redis.call('HMGET', q .. ':users', unpack(users))
local held = redis.call('HMGET', q .. ':held', unpack(ids))
local places = redis.call('HMGET', q .. ':places', unpack(ids))
local leases = redis.call('ZMSCORE', q .. ':leases', unpack(users))
local function waiting_since(nth)
  local waits = owns[nth] == ids[nth] and not held[nth] and places[nth]
  if waits and leases[nth] and tonumber(leases[nth]) > now then
    return redis.call('ZSCORE', q .. ':' .. string.match(waits, '%S+'), ids[nth])
  end
end
local since = {[1] = waiting_since(1)}
if not since[1] then
  return -1
end
local first, ticket = 1, nil
while first < #ids and not ticket do
  first = first + 1
  since[first] = waiting_since(first)
  ticket = since[first] and redis.call('HGET', q .. ':tickets', ids[first])
end
if not ticket then
  return #ids - 1
end
local standing, all = {}, {} -- by place, those of the two who stand in it; and the places
for _, nth in ipairs({first, 1}) do
  note_wait(q, string.format('%.0f', now - since[nth]), places[nth], now)
  note_habit(q, users[nth], now - since[nth], 0, 1)
  for place in string.gmatch(places[nth], '%S+') do
    if standing[place] then
      standing[place][2] = ids[nth]
    else
      standing[place] = {ids[nth]}
      all[#all + 1] = place
    end
  end
end
for _, place in ipairs(all) do
  redis.call('ZREM', q .. ':' .. place, unpack(standing[place]))
end
redis.call('HSET', q .. ':held', ids[first], call, ids[1], call)
redis.call('HSET', q .. ':claims', call, ARGV[3] .. ticket .. ARGV[4])
redis.call('ZADD', q .. ':claimed', now, call)
if ARGV[5] ~= '' then
  redis.call('PUBLISH', ARGV[5], ids[first] .. ' ' .. ids[1])
end
return first - 2
