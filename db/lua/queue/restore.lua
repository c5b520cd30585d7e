-- Give a ticket back at its old place after a call came to nothing; once for each call and user, so that
-- a step repeated after a crash cannot queue someone who has been matched again since.
-- KEYS[1]  prefix of the region's queue
-- ARGV     call id, user id, ticket id, joined_at (ms), ticket, places, lease until (ms), now (ms)
-- Returns  the ticket the user has now: this one, or one joined with meanwhile
local q, call, user, id, ticket = KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[5]
local own = redis.call('HGET', q .. ':users', user)
local first = redis.call('ZADD', q .. ':restored', 'NX', ARGV[8], call .. ' ' .. user) == 1
if own and (own ~= id or redis.call('HGET', q .. ':held', id) ~= call) then
  return redis.call('HGET', q .. ':tickets', own)
end
if not first then
  return ticket
end
redis.call('HDEL', q .. ':held', id)
redis.call('HSET', q .. ':users', user, id)
redis.call('HSET', q .. ':tickets', id, ticket)
redis.call('HSET', q .. ':places', id, ARGV[6])
redis.call('ZADD', q .. ':leases', 'GT', ARGV[7], user)
for place in string.gmatch(ARGV[6], '%S+') do
  redis.call('ZADD', q .. ':' .. place, ARGV[4], id)
end
return ticket
