-- Pass signals to a user, if their line is open to them: count them, append them to the stream, announce them.
-- KEYS[1] the user's stream    events:{user}
-- KEYS[2] the user's line      line:{user}       (see line.lua; `at` is the signal that was appended last, if any)
-- ARGV[1] "<call id> <epoch>"                    ARGV[2] device that signals
-- ARGV[3] now, Unix ms                           ARGV[4] name of this request and a space: again, it gets the same answer and does nothing
-- ARGV[5] most events kept                       ARGV[6] milliseconds they are kept
-- ARGV[7] "", or the user's device by the call's record, which has just been read and allows these signals; then
-- ARGV[8] what the line said before that: if it still does, it says what the record does from now on
-- ARGV[9] until when it then counts, Unix ms     ARGV[10] milliseconds to keep it
-- ARGV[11...] for each signal: its kind, the most of this kind in an epoch, its JSON ("": it is only counted)
-- Returns "+" and for each signal "1", or "0" if there were too many; else "-" and what the line says.
local told, from, device, till, last, candidates, descriptions, at = unpack(call('HMGET', KEYS[2],
  'told', 'from', 'device', 'until', 'last', 'candidate', 'description', 'at'))
if last and string.sub(last, 1, #ARGV[4]) == ARGV[4] then
  return string.sub(last, #ARGV[4] + 1)
end
if ARGV[7] ~= '' then
  if (told or '') ~= ARGV[8] then
    return '-' .. (told or '')
  end
  if told ~= ARGV[1] then
    call('DEL', KEYS[2])
    candidates, descriptions = false, false
  end
  call('HSET', KEYS[2], 'told', ARGV[1], 'from', ARGV[2], 'device', ARGV[7], 'until', ARGV[9])
  call('PEXPIRE', KEYS[2], ARGV[10])
  device = ARGV[7]
elseif told ~= ARGV[1] or from ~= ARGV[2] or tonumber(ARGV[3]) >= tonumber(till) then
  return '-' .. (told or '')
end
local counts = {candidate = tonumber(candidates or 0), description = tonumber(descriptions or 0)}
local answer = '+'
for i = 11, #ARGV, 3 do
  local kind, payload = ARGV[i], ARGV[i + 2]
  if counts[kind] >= tonumber(ARGV[i + 1]) then
    answer = answer .. '0'
  else
    answer = answer .. '1'
    counts[kind] = counts[kind] + 1
    if payload ~= '' then
      at = append(KEYS[1], at, ARGV[5], ARGV[6], 'call:signal', payload, device, '')
    end
  end
end
call('HSET', KEYS[2], 'last', ARGV[4] .. answer, 'at', at or '0-0',
  'candidate', counts.candidate, 'description', counts.description)
return answer
