-- Give a ticket back at its old place after a call came to nothing; once for each call and user, and not to one
-- who has joined anew: a step repeated after a crash, or come late, must not queue someone matched again since.
-- KEYS[1]  prefix of the region's queue
-- ARGV     call id, user id, ticket id, joined_at (ms), ticket, places, lease until (ms), now (ms)
-- Returns  the ticket the user has now: this one, or one joined with meanwhile
local q, call, user, id, ticket = KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[5]
local own = redis.call('HGET', q .. ':users', user)
local first = redis.call('ZADD', q .. ':restored', 'NX', ARGV[8], call .. ' ' .. user) == 1
if own and redis.call('HGET', q .. ':held', own) ~= call then
  return redis.call('HGET', q .. ':tickets', own)
end
local anew = redis.call('ZSCORE', q .. ':restored', user)
if not first or (anew and tonumber(anew) > tonumber(ARGV[4])) then
  return ticket
end
if own then -- the claim of this call is not settled yet; who skips comes back with another ticket than it holds
  redis.call('HDEL', q .. ':held', own)
  redis.call('HDEL', q .. ':tickets', own)
  redis.call('HDEL', q .. ':places', own)
end
redis.call('HSET', q .. ':users', user, id)
redis.call('HSET', q .. ':tickets', id, ticket)
redis.call('HSET', q .. ':places', id, ARGV[6])
redis.call('ZADD', q .. ':leases', 'GT', ARGV[7], user)
for place in string.gmatch(ARGV[6], '%S+') do
  redis.call('ZADD', q .. ':' .. place, ARGV[4], id)
end
return ticket
