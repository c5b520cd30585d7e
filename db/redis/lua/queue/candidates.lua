-- The first and the last tickets of each pool, more of a larger pool: the first for fairness, the last for choice.
-- KEYS[1]  prefix of the region's queue
-- ARGV     about how many in all, pools (names after the prefix; no ticket is in two of them)
-- Returns  ticket ids
local q, most, total, sizes, found = KEYS[1], tonumber(ARGV[1]), 0, {}, {}
for nth = 2, #ARGV do
  sizes[nth] = redis.call('ZCARD', q .. ':' .. ARGV[nth])
  total = total + sizes[nth]
end
local function read(pool, from, to)
  for _, id in ipairs(redis.call('ZRANGE', pool, from, to)) do
    found[#found + 1] = id
  end
end
for nth = 2, #ARGV do
  local size, pool = sizes[nth], q .. ':' .. ARGV[nth]
  local share = math.max(2, math.floor(most * size / math.max(1, total)))
  if total <= most or share >= size then
    read(pool, 0, -1)
  else
    local last = math.floor(share / 2)
    read(pool, 0, share - last - 1)
    read(pool, -last, -1)
  end
end
return found
