-- Wait, or go on waiting.
-- KEYS[1] queue:<mode>       sorted set of tickets by when they came; so are the pools, queue:<mode>:<gender>
-- ARGV[1] user   ARGV[2] ticket id   ARGV[3] now, ms   ARGV[4] until when its client is there, ms   ARGV[5] mode
-- ARGV[6] gender   ARGV[7] the ticket, JSON   ARGV[8...] pools to look in
-- Returns {"in_call"}, or {"waiting", "ticket mode since gender", how many wait, ids of the oldest in those pools...}.
local user = ARGV[1]
if redis.call('EXISTS', 'in:' .. user) == 1 then return {'in_call'} end
local own = redis.call('GET', 'ticket:' .. user)
if own then
  redis.call('ZADD', 'leases', 'GT', ARGV[4], user)
  return {'waiting', own, redis.call('ZCARD', KEYS[1])}
end
own = table.concat({ARGV[2], ARGV[5], ARGV[3], ARGV[6]}, ' ')
redis.call('SET', 'ticket:' .. user, own)
redis.call('HSET', 'tickets', ARGV[2], ARGV[7])
redis.call('ZADD', 'leases', ARGV[4], user)
local found = {'waiting', own, redis.call('ZCARD', KEYS[1]) + 1}
for i = 8, #ARGV do
  for _, id in ipairs(redis.call('ZRANGE', ARGV[i], 0, 49)) do found[#found + 1] = id end
end
redis.call('ZADD', KEYS[1], ARGV[3], ARGV[2])
redis.call('ZADD', KEYS[1] .. ':' .. ARGV[6], ARGV[3], ARGV[2])
redis.call('PUBLISH', 'pr:' .. user, '')
return found
