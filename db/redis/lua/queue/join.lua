-- Enter the queue, or get the ticket that the user has already. A user has at most one. If something took them out of
-- the queue since the join began, they may be in a call by now and are not placed: else they could be in both.
-- KEYS[1]  prefix of the region's queue: every key below starts with it and shares its hash tag
-- ARGV     user id, ticket id, joined_at (ms), ticket, places (words, see db/redis/tickets.py), lease until (ms), and
--          what had taken the user out last when the join began ('': nothing); without it that is not checked
-- Returns  the ticket the user has already, or false: the given one waits now; or 'overtaken'
local q, user, id = KEYS[1], ARGV[1], ARGV[2]
local own = redis.call('HGET', q .. ':users', user)
local ticket = own and redis.call('HGET', q .. ':tickets', own)
if not ticket and ARGV[7] and (redis.call('GET', q .. ':out:' .. user) or '') ~= ARGV[7] then
  return 'overtaken'
end
redis.call('ZADD', q .. ':leases', 'GT', ARGV[6], user)
if ticket then
  return ticket
end
redis.call('DEL', q .. ':out:' .. user)
redis.call('HSET', q .. ':users', user, id)
redis.call('HSET', q .. ':tickets', id, ARGV[4])
redis.call('HSET', q .. ':places', id, ARGV[5])
local came = redis.call('SET', q .. ':came:' .. user, ARGV[3], 'PX', 30000, 'GET')
if not came or ARGV[3] - came >= 30000 then -- a user who joins and leaves again and again is one arrival, not a crowd
  local recent = q .. ':' .. string.match(ARGV[5], '%S+') .. ':recent'
  redis.call('LPUSH', recent, ARGV[4])
  redis.call('LTRIM', recent, 0, 255)
end
for place in string.gmatch(ARGV[5], '%S+') do
  redis.call('ZADD', q .. ':' .. place, ARGV[3], id)
end
return false
