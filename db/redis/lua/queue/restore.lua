-- Give a ticket back at its old place after a call failed: to a user whom the claim of this call still holds, or whom it
-- took out last. A user who has joined again keeps that ticket, and one whom something else took out since is not put
-- back: a step that is repeated after a crash, or late, must not queue a user who was matched again or has left. Nor is
-- one who wanted to leave with this ticket while it was held: if it still is, they go out, and must be told.
-- KEYS[1]  prefix of the region's queue
-- ARGV     call id, user id, ticket id, joined_at (ms), ticket, places, lease until (ms), and '' to keep it out of
--          the pools until it may `enter` them; remember that they went out with it for (ms)
-- Returns  the ticket the user has now: this one, or one joined with meanwhile; false: they are not queued
local q, call, user, id, ticket = KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[5]
local own = redis.call('HGET', q .. ':users', user)
if own and redis.call('HGET', q .. ':held', own) ~= call then
  return redis.call('HGET', q .. ':tickets', own)
end
local out = redis.call('GET', q .. ':out:' .. user)
if own then -- the claim of this call is not settled yet; a user who skips comes back with another ticket than it holds
  redis.call('HDEL', q .. ':held', own)
  redis.call('HDEL', q .. ':tickets', own)
  redis.call('HDEL', q .. ':places', own)
elseif out and out ~= call then
  return false
end
if redis.call('GET', q .. ':left:' .. user) == id then
  if own then
    redis.call('HDEL', q .. ':users', user)
    redis.call('ZREM', q .. ':leases', user)
    redis.call('SET', q .. ':out:' .. user, id, 'PX', ARGV[9])
    redis.call('HSET', q .. ':gone', id, user .. ' left')
  end
  return false
end
redis.call('DEL', q .. ':out:' .. user)
redis.call('HSET', q .. ':users', user, id)
redis.call('HSET', q .. ':tickets', id, ticket)
redis.call('HSET', q .. ':places', id, ARGV[6])
redis.call('ZADD', q .. ':leases', 'GT', ARGV[7], user)
if ARGV[8] ~= '' then
  for place in sets(ARGV[6]) do
    redis.call('ZADD', q .. ':' .. place, ARGV[4], id)
  end
end
return ticket
