-- Put a waiting ticket into its pools, if it was kept out of them: from now on it can be matched.
-- KEYS[1]  prefix of the region's queue
-- ARGV     user id, ticket id, joined_at (ms)
-- Returns  1 when it waits; 0 when it does not (any more), or a claim holds it
local q, user, id = KEYS[1], ARGV[1], ARGV[2]
if redis.call('HGET', q .. ':users', user) ~= id or redis.call('HEXISTS', q .. ':held', id) == 1 then
  return 0
end
for place in sets(redis.call('HGET', q .. ':places', id)) do
  redis.call('ZADD', q .. ':' .. place, ARGV[3], id)
end
return 1
