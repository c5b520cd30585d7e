-- Take a waiting ticket out, and leave a note that its user must be told. The wait is noted if the ticket's time has
-- ended; or how long somebody waited who leaves by themselves, who is noted once in a quarter of an hour. A ticket that a claim
-- holds stays, but is not given back to a user who wants to leave: see restore.lua.
-- KEYS[1]  prefix of the region's queue
-- ARGV     user id, reason, the ticket id it must be or '', remember that they went out with it for (ms),
--          when their time ended or they left by themselves (ms), or ''
-- Returns  the id of the ticket, or false: there is no such ticket, or a claim holds it
local q, user = KEYS[1], ARGV[1]
local id = redis.call('HGET', q .. ':users', user)
if not id or (ARGV[3] ~= '' and ARGV[3] ~= id) then
  return false
end
if redis.call('HEXISTS', q .. ':held', id) == 1 then
  if ARGV[2] == 'left' then
    redis.call('SET', q .. ':left:' .. user, id, 'PX', ARGV[4])
  end
  return false
end
local places = redis.call('HGET', q .. ':places', id)
if ARGV[5] == '' then
  -- they are put out: that says nothing of how long people wait
elseif ARGV[2] == 'timed_out' then
  local since = redis.call('ZSCORE', q .. ':' .. string.match(places, '%S+'), id)
  note_wait(q, '-', places, ARGV[5])
  if since then
    note_habit(q, user, ARGV[5] - since, 0, 0)
  end
else
  note_departure(q, user, id, places, ARGV[5])
end
take_out(q, user, id, places, ARGV[2], ARGV[4])
return id
