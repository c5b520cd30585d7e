-- Take a waiting ticket out, remember for `ms` that its user went out with it, and note that they must be told.
-- Stands before each script of the queue: q is the prefix of the region's queue, places are the ticket's own.
local function take_out(q, user, id, places, reason, ms)
  for place in string.gmatch(places, '%S+') do
    redis.call('ZREM', q .. ':' .. place, id)
  end
  redis.call('HDEL', q .. ':places', id)
  redis.call('HDEL', q .. ':tickets', id)
  redis.call('HDEL', q .. ':users', user)
  redis.call('ZREM', q .. ':leases', user)
  redis.call('SET', q .. ':out:' .. user, id, 'PX', ms)
  redis.call('HSET', q .. ':gone', id, user .. ' ' .. reason)
end
