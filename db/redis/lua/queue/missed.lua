-- Note that a user did not accept an offer, once for each call; and if they are gone with that, that they have left by themselves
-- after they had waited for so long.
-- KEYS[1]  prefix of the region's queue
-- ARGV     user id, call id, remember the call for (ms), places of the ticket, how long it had waited (ms), when (ms), 'gone' or ''
-- Returns  1 the first time, then 0
local q, user, call = KEYS[1], ARGV[1], ARGV[2]
local key = q .. ':missed:' .. user
if redis.call('GET', key) == call then
  return 0
end
redis.call('SET', key, call, 'PX', ARGV[3])
local gone = ARGV[7] == 'gone'
note_absence(q, user, gone and 1 or 0)
if gone then
  note_gone(q, user, ARGV[4], ARGV[6], ARGV[5])
end
return 1
