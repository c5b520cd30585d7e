-- Pass signals to a user, if their line is open to them: count them, append them to the stream, announce them.
-- KEYS[1] the user's stream    events:{user}
-- KEYS[2] the user's line      line:{user}       (see line.lua)
-- ARGV[1] channel    user:{user}                 ARGV[2] "<call id> <epoch>"    ARGV[3] device that signals
-- ARGV[4] now, Unix ms                           ARGV[5] name of this request and a space: again, it gets the same answer and does nothing
-- ARGV[6] most events kept                       ARGV[7] milliseconds they are kept
-- ARGV[8] "", or the user's device by the call's record, which has just been read and allows these signals; then
-- ARGV[9] what the line said before that: if it still does, it says what the record does from now on
-- ARGV[10] until when it then counts, Unix ms    ARGV[11] milliseconds to keep it
-- ARGV[12...] for each signal: its kind, the most of this kind in an epoch, its JSON ("": it is only counted)
-- Returns "+" and for each signal "1", or "0" if there were too many; else "-" and what the line says.
local told, from, device, till, last, candidates, descriptions = unpack(redis.call('HMGET', KEYS[2],
  'told', 'from', 'device', 'until', 'last', 'candidate', 'description'))
if last and string.sub(last, 1, #ARGV[5]) == ARGV[5] then
  return string.sub(last, #ARGV[5] + 1)
end
if ARGV[8] ~= '' then
  if (told or '') ~= ARGV[9] then
    return '-' .. (told or '')
  end
  if told ~= ARGV[2] then
    redis.call('DEL', KEYS[2])
    candidates, descriptions = false, false
  end
  redis.call('HSET', KEYS[2], 'told', ARGV[2], 'from', ARGV[3], 'device', ARGV[8], 'until', ARGV[10])
  redis.call('PEXPIRE', KEYS[2], ARGV[11])
  device = ARGV[8]
elseif told ~= ARGV[2] or from ~= ARGV[3] or tonumber(ARGV[4]) >= tonumber(till) then
  return '-' .. (told or '')
end
local before = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
before = before and before[1] or ''
local counts = {candidate = tonumber(candidates or 0), description = tonumber(descriptions or 0)}
local answer, passed = '+', false
for i = 12, #ARGV, 3 do
  local kind, payload = ARGV[i], ARGV[i + 2]
  if counts[kind] >= tonumber(ARGV[i + 1]) then
    answer = answer .. '0'
  else
    answer = answer .. '1'
    counts[kind] = counts[kind] + 1
    if payload ~= '' then
      local id = redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[6], '*',
        'name', 'call:signal', 'data', payload, 'device', device, 'not_device', '')
      redis.call('PUBLISH', ARGV[1], table.concat({id, before, 'call:signal', device, '', payload}, '\n'))
      before, passed = id, true
    end
  end
end
redis.call('HSET', KEYS[2], 'last', ARGV[5] .. answer,
  'candidate', counts.candidate, 'description', counts.description)
if passed then
  redis.call('PEXPIRE', KEYS[1], ARGV[7])
end
return answer
