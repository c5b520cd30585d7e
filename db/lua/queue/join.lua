-- Enter the queue, or find out where one is already. A user has at most one ticket. Who was claimed after the join
-- began may be in a call by now: they are not placed, so that a join cut short cannot leave them in both.
-- KEYS[1]  prefix of the region's queue: every key below starts with it and shares its hash tag
-- ARGV     user id, ticket id, joined_at (ms), ticket, places (words, see db/tickets.py), lease until (ms),
--          when the join began (ms), or '': it is known that they are in no call
-- Returns  the ticket the user has already, or false: the given one waits now; or 'claimed'
local q, user, id = KEYS[1], ARGV[1], ARGV[2]
local own = redis.call('HGET', q .. ':users', user)
local ticket = own and redis.call('HGET', q .. ':tickets', own)
if not ticket and ARGV[7] ~= '' then
  local claimed = redis.call('ZSCORE', q .. ':restored', 'claimed ' .. user)
  if claimed and tonumber(claimed) >= tonumber(ARGV[7]) then
    return 'claimed'
  end
end
redis.call('ZADD', q .. ':leases', 'GT', ARGV[6], user)
if ticket then
  return ticket
end
local before = redis.call('ZSCORE', q .. ':restored', user)
redis.call('ZADD', q .. ':restored', 'GT', ARGV[3], user)
redis.call('HSET', q .. ':users', user, id)
redis.call('HSET', q .. ':tickets', id, ARGV[4])
redis.call('HSET', q .. ':places', id, ARGV[5])
if not before or ARGV[3] - before >= 30000 then -- who comes and goes all the time is one arrival, not a crowd
  local recent = q .. ':' .. string.match(ARGV[5], '%S+') .. ':recent'
  redis.call('LPUSH', recent, ARGV[4])
  redis.call('LTRIM', recent, 0, 255)
end
for place in string.gmatch(ARGV[5], '%S+') do
  redis.call('ZADD', q .. ':' .. place, ARGV[3], id)
end
return false
