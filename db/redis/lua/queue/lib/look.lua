-- The ids of the first and the last tickets of each pool, about `most` in all: the first for fairness, the last for choice.
-- Stands before each script of the queue: q is the prefix of the region's queue, and as many wait as `waiting`; pools are
-- names after that, from ARGV[from] on, and no ticket is in two of them.
local function look(q, most, waiting, from)
  local total, sizes, found = 0, {}, {}
  if waiting > most then
    for nth = from, #ARGV do
      sizes[nth] = redis.call('ZCARD', q .. ':' .. ARGV[nth])
      total = total + sizes[nth]
    end
  end
  local function read(pool, first, last)
    for _, id in ipairs(redis.call('ZRANGE', pool, first, last)) do
      found[#found + 1] = id
    end
  end
  for nth = from, #ARGV do
    local size, pool = sizes[nth], q .. ':' .. ARGV[nth]
    local share = size and math.max(2, math.floor(most * size / math.max(1, total)))
    if not size or (size > 0 and (total <= most or share >= size)) then
      read(pool, 0, -1)
    elseif size > 0 then
      local last = math.floor(share / 2)
      read(pool, 0, share - last - 1)
      read(pool, -last, -1)
    end
  end
  return found
end
