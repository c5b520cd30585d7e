-- Enter the queue, or get the ticket that the user has already. A user has at most one. If something took them out of
-- the queue since the join began, they may be in a call by now and are not placed: else they could be in both. Whoever
-- wanted to leave a ticket that a claim holds, wants it again.
-- KEYS[1]  prefix of the region's queue: every key below starts with it and shares its hash tag
-- ARGV     user id, ticket id, joined_at (ms), ticket, places (words, see db/redis/tickets.py), lease until (ms),
--          what had taken the user out last when the join began ('': nothing; '?': whatever it was)
-- Returns  the ticket the user has already, or '': the given one waits now; or 'overtaken'
local q, user, id, out = KEYS[1], ARGV[1], ARGV[2], ARGV[7]
local own = redis.call('HGET', q .. ':users', user)
local ticket = own and redis.call('HGET', q .. ':tickets', own)
if not ticket and out ~= '?' and (redis.call('GET', q .. ':out:' .. user) or '') ~= out then
  return 'overtaken'
end
redis.call('ZADD', q .. ':leases', 'GT', ARGV[6], user)
local mode = q .. ':' .. string.match(ARGV[5], '%S+')
if not ticket then
  redis.call('HSET', q .. ':users', user, id)
  redis.call('HSET', q .. ':tickets', id, ARGV[4])
  redis.call('HSET', q .. ':places', id, ARGV[5])
  local came = redis.call('SET', q .. ':came:' .. user, ARGV[3], 'PX', 30000, 'GET')
  if not came or ARGV[3] - came >= 30000 then -- a user who joins and leaves again and again is one arrival, not a crowd
    latest(mode .. ':recent', ARGV[4], 256)
  end
  for place in string.gmatch(ARGV[5], '%S+') do
    redis.call('ZADD', q .. ':' .. place, ARGV[3], id)
  end
else
  redis.call('DEL', q .. ':left:' .. user)
end
return ticket or ''
