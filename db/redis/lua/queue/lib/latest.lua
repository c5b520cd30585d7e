-- Put an entry before the latest of a list, of which at least the `most` newest are kept, and not many more: to cut it each
-- time would cost as much again.
-- Stands before each script of the queue: q is the prefix of the region's queue.
local function latest(list, entry, most)
  if redis.call('LPUSH', list, entry) >= most + most / 8 then
    redis.call('LTRIM', list, 0, most - 1)
  end
end

-- Note how long a ticket with these places has waited ("-": its patience has ended), in the list of its mode.
local function note_wait(q, waited, places)
  latest(q .. ':' .. string.match(places, '%S+') .. ':waits', waited .. ' ' .. places, 512)
end
