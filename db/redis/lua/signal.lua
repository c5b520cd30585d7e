-- Pass signals to users, each if their line is open to them: count them, append them to the stream, announce them.
-- KEYS, for each sender:
--   the stream of the user they signal to    events:{user}
--   that user's line, as note.lua says       signals:{user}
-- ARGV[1] now, Unix ms             ARGV[2] most events kept    ARGV[3] milliseconds they are kept
-- ARGV[4] until when a line counts that is said anew, Unix ms  ARGV[5] milliseconds to keep it
-- ARGV[6, 7] most candidates and descriptions in an epoch
-- ARGV[8...] for each sender: how a line begins that lets them in, "<call id> <epoch>\n<the device that signals>\n"; the name of
--            this request and a space: again, it gets the same answer and does nothing; "c" for each candidate and "d" for each
--            description; the JSON of each ("": it is only counted). Where a "!" stands before the first letter, the call's record
--            has just been read and allows these signals, and two more words come before the JSON: the user's device by the
--            record; what the line said before that: if it still does, it says what the record does from now on
-- Returns for each sender "+" and for each signal "1", or "0" if there were too many; or "-" and what the line says; or the error
-- that kept it alone from being done.
local now, most, ms, most_candidates, most_descriptions = tonumber(ARGV[1]), ARGV[2], ARGV[3], tonumber(ARGV[6]), tonumber(ARGV[7])
local function told(said)
  return said and string.match(said, '^[^\n]*') or ''
end
local function pass(stream, line, place, request, kinds, first)
  local said, is_open = call('GET', line), false
  local till, candidates, descriptions, device, at, last = 0, 0, 0, '', '', ''
  if said then
    is_open = string.sub(said, 1, #place) == place
    till, candidates, descriptions, device, at, last =
      struct.unpack(LINE, said, is_open and #place + 1 or string.match(said, '^[^\n]*\n[^\n]*\n()'))
    if string.sub(last, 1, #request) == request then
      return string.sub(last, #request + 1)
    end
  end
  local by_record = string.byte(kinds) == 33
  if by_record then
    if told(said) ~= ARGV[first + 1] then
      return '-' .. told(said)
    end
    if told(said) ~= told(place) then
      candidates, descriptions = 0, 0
    end
    device, till, first = ARGV[first], ARGV[4], first + 2
  elseif not is_open or now >= till then
    return '-' .. told(said)
  end
  local answer, stands = '+', nil
  for i = by_record and 2 or 1, #kinds do
    local payload, is_one_too_many = ARGV[first], false
    first = first + 1
    if string.byte(kinds, i) == 99 then
      is_one_too_many = candidates >= most_candidates
      candidates = candidates + (is_one_too_many and 0 or 1)
    else
      is_one_too_many = descriptions >= most_descriptions
      descriptions = descriptions + (is_one_too_many and 0 or 1)
    end
    answer = answer .. (is_one_too_many and '0' or '1')
    if is_one_too_many or payload == '' then -- nobody is told
    elseif #kinds == 1 then
      at = append(stream, at ~= '' and at, most, ms, 'call:signal', payload, device)
    else
      stands = stands or stand(stream, at ~= '' and at)
      follow(stream, stands, 'call:signal', payload, device, '')
    end
  end
  if stands then -- what is told at once is announced at once
    finish(stream, stands, most, ms)
    at = stands.newest
  end
  local says = place .. struct.pack(LINE, till, candidates, descriptions, device, at, request .. answer)
  if by_record then
    call('SET', line, says, 'PX', ARGV[5])
  else
    call('SET', line, says, 'KEEPTTL')
  end
  return answer
end
local answers, at = {}, 8
for key = 1, #KEYS, 2 do
  local kinds = ARGV[at + 2]
  local done, answer = pcall(pass, KEYS[key], KEYS[key + 1], ARGV[at], ARGV[at + 1], kinds, at + 3)
  answers[#answers + 1] = done and answer or (type(answer) == 'table' and answer or {err = answer})
  at = at + 3 + #kinds + (string.byte(kinds) == 33 and 1 or 0)
end
return answers
