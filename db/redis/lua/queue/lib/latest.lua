-- Put an entry before the latest of a list, of which at least the `most` newest are kept, and not many more: to cut it each
-- time would cost as much again.
-- Stands before each script of the queue: q is the prefix of the region's queue.
local function latest(list, entry, most)
  if redis.call('LPUSH', list, entry) >= most + most / 8 then
    redis.call('LTRIM', list, 0, most - 1)
  end
end

-- Note that a ticket with these places has waited so long ("-": its patience has ended) until this time (ms), in the list of
-- its mode.
local function note_wait(q, waited, places, at)
  latest(q .. ':' .. string.match(places, '%S+') .. ':waits', string.format('%s %s @%.0f', waited, places, at), 512)
end

-- How a user has waited, and what they did with offers: waits, left, ms, offers, missed, kept as words for a week; see
-- matching/habit.py. What another version has written says nothing, but for the first three of these, as earlier ones did.
local function habit_of(q, user)
  local words = {}
  for word in string.gmatch(redis.call('GET', q .. ':habit:' .. user) or '', '%S+') do
    words[#words + 1] = tonumber(word)
  end
  if #words ~= 3 and #words ~= 5 then
    words = {0, 0, 0}
  end
  return {words[1], words[2], words[3], words[4] or 0, words[5] or 0}
end

local function keep_habit(q, user, habit)
  for nth = 1, 5 do
    habit[nth] = string.format('%.0f', habit[nth])
  end
  redis.call('SET', q .. ':habit:' .. user, table.concat(habit, ' '), 'PX', 604800000)
end

-- Note that this user has waited so long (ms) once more, whether they left by themselves and whether it ended with an offer (1 or
-- 0). After many, all count for half as much.
local function note_habit(q, user, ms, left, offered)
  local habit = habit_of(q, user)
  habit[1], habit[2], habit[3], habit[4] = habit[1] + 1, habit[2] + left, habit[3] + math.max(0, ms), habit[4] + offered
  local first, last = habit[1] > 16 and 1 or 4, habit[4] > 20 and 5 or 3
  for nth = first, last do
    habit[nth] = math.floor(habit[nth] / 2)
  end
  keep_habit(q, user, habit)
end

-- Note that this user has not accepted the latest offer, and whether they have left with that (1 or 0); nothing of one of whom
-- nothing is known any more.
local function note_absence(q, user, left)
  local habit = habit_of(q, user)
  if habit[4] > 0 then
    habit[2], habit[5] = math.min(habit[1], habit[2] + left), math.min(habit[4], habit[5] + 1)
    keep_habit(q, user, habit)
  end
end

-- Note that somebody with these places has left by themselves at this time after so long (ms), in the list of their mode: as a
-- wait to the end, for versions that do not know better, with what was waited behind it. Who comes and leaves again and again is
-- noted once in a quarter of an hour.
local function note_gone(q, user, places, at, waited)
  local noted = redis.call('GET', q .. ':noted:' .. user)
  if not (noted and math.abs(at - noted) < 900000) then
    redis.call('SET', q .. ':noted:' .. user, at, 'PX', 900000)
    latest(
      q .. ':' .. string.match(places, '%S+') .. ':waits',
      string.format('- %s @%.0f %.0f', places, at, math.max(0, waited)),
      512
    )
  end
end

-- The same of a ticket that waits, and how its user has waited.
local function note_departure(q, user, id, places, at)
  local since = redis.call('ZSCORE', q .. ':' .. string.match(places, '%S+'), id)
  if since then
    note_habit(q, user, at - since, 1, 0)
    note_gone(q, user, places, at, at - since)
  end
end
