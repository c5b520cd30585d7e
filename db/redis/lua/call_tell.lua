-- Tell what waits in a call's outbox, and take it out together with what was performed: each is told and taken out, or neither.
-- KEYS[1] the call        call:{shard}:<id>           KEYS[2] its outbox    outbox:{shard}:<id>
-- KEYS[3] attention       attention:{shard}           KEYS[4] its timeline, which stays    KEYS[5...] as told.lua says
-- ARGV[1] call id         ARGV[2] version of the call since which nobody else can have begun to tell; 0: somebody may have
-- ARGV[3] events kept at least, of so many            ARGV[4] milliseconds all are kept after the last, and marks
-- ARGV[5] milliseconds to keep a line                 ARGV[6] how many were performed
-- ARGV[7...] their numbers; then for each event its number and its words
-- Returns for each event 1, 0 if it was told before, or the error that kept it from being told.
local call, performed, at, faults = ARGV[1], tonumber(ARGV[6]), {}, {}
local found = read('version', 'deadline', 'kept')
local waiting = redis.call('LLEN', KEYS[2])
local alone = found[1] == ARGV[2] and waiting == performed + (#ARGV - 6 - performed) / 7
local entries = {}
if not alone then
  for _, entry in ipairs(redis.call('LRANGE', KEYS[2], 0, -1)) do
    entries[string.match(entry, '^%S+')] = entry
  end
end
for i = 5, #KEYS do
  local done, stood_at = pcall(stand, KEYS[i], found[i - 1])
  if done then
    stood_at.before, at[i] = stood_at.newest, stood_at
  else
    faults[i] = {err = stood_at}
  end
end
-- Nodes that tell what they have read a while ago leave this mark, as do those of versions that know no such script.
local function mark(stream, number)
  return 'said' .. string.sub(stream, 7) .. ':' .. call .. ':' .. number
end
local function first(stream, number)
  return alone or redis.call('SET', mark(stream, number), 1, 'NX', 'PX', ARGV[4])
end
local gone, answers = {unpack(ARGV, 7, 6 + performed)}, {}
for from = 7 + performed, #ARGV, 7 do
  local number, nth = ARGV[from], tonumber(ARGV[from + 1])
  local answer = faults[nth]
  if not answer then
    answer = 0
    if (alone or entries[number]) and first(KEYS[nth], number) then
      local done, fault = pcall(tell, at, call, from + 1, ARGV[5])
      answer = done and 1 or {err = fault}
      if not done then
        faults[nth] = answer -- what comes after it waits too
        redis.call('DEL', mark(KEYS[nth], number))
      end
    end
  end
  if not faults[nth] then
    gone[#gone + 1] = number
  end
  answers[#answers + 1] = answer
end
local told = stood(at, ARGV[3], ARGV[4])
if found[1] and #told > 0 then
  redis.call('HSET', KEYS[1], unpack(told))
end
if alone and #gone == waiting then
  redis.call('DEL', KEYS[2])
  waiting = 0
else
  if alone then
    for _, entry in ipairs(redis.call('LRANGE', KEYS[2], 0, -1)) do
      entries[string.match(entry, '^%S+')] = entry
    end
  end
  for _, number in ipairs(gone) do
    waiting = waiting - (entries[number] and redis.call('LREM', KEYS[2], 1, entries[number]) or 0)
  end
end
if waiting > 0 then
  return answers
end
local deadline, kept = tonumber(found[2] or ''), found[3]
if kept then
  redis.call('PEXPIRE', KEYS[1], kept)
end
if deadline then
  redis.call('ZADD', KEYS[3], found[2], call)
else
  redis.call('ZREM', KEYS[3], call)
end
return answers
