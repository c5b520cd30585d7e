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

-- Note that this user has left by themselves at this time, in the same list: as a wait to the end, for versions that do not
-- know better, with what was waited behind it. Who comes and leaves again and again is noted once in five minutes.
local function note_departure(q, user, id, places, at)
  local since = redis.call('ZSCORE', q .. ':' .. string.match(places, '%S+'), id)
  local noted = redis.call('GET', q .. ':noted:' .. user)
  if since and not (noted and math.abs(at - noted) < 300000) then
    redis.call('SET', q .. ':noted:' .. user, at, 'PX', 300000)
    note_wait(q, '-', places .. string.format(' %.0f', math.max(0, at - since)))
  end
end
