-- Ids of the oldest tickets.
-- KEYS[1] queue:<mode>   ARGV the pools to look in
local found = {}
for i = 1, #ARGV do
  for _, id in ipairs(redis.call('ZRANGE', ARGV[i], 0, 49)) do found[#found + 1] = id end
end
return found
