-- Before all scripts that append to users' streams; no script itself.
local call = redis.call

-- Where a stream stands: its `newest` event, or ''. `last`: the event that was appended before, as far as the caller knows; to
-- see that there is no newer one Redis does not look into the stream for XREAD. If so, it is also where the caller goes on
-- `from`.
local function stand(stream, last)
  if last and not call('XREAD', 'COUNT', '1', 'STREAMS', stream, last) then
    return {newest = last, from = last, last = false, earlier = false} -- all names: a table grows slowly
  end
  local found = call('XREVRANGE', stream, '+', '-', 'COUNT', '1')[1]
  return {newest = found and found[1] or '', from = false, last = false, earlier = false}
end

-- Append an event to a stream that stands `at` this place; `finish` announces it.
local function follow(stream, at, most, name, payload, device, not_device)
  -- Trimmed by whole blocks of the stream, and by nothing else: who reads it passes over what is too old.
  local to_all, id = device == '' and not_device == '', nil
  if at.from and to_all then
    id = call('XADD', stream, 'NOMKSTREAM', 'MAXLEN', '~', most, '*', 'name', name, 'data', payload)
  elseif at.from and not_device == '' then
    id = call('XADD', stream, 'NOMKSTREAM', 'MAXLEN', '~', most, '*', 'name', name, 'data', payload, 'device', device)
  elseif at.from then
    id = call('XADD', stream, 'NOMKSTREAM', 'MAXLEN', '~', most, '*', 'name', name, 'data', payload,
      'device', device, 'not_device', not_device)
  end
  if not id then -- or the stream has gone, and with it the time that it is kept
    at.from = false
    id = call('XADD', stream, 'MAXLEN', '~', most, '*', 'name', name, 'data', payload,
      'device', device, 'not_device', not_device)
  end
  local said = id .. '\n' .. at.newest .. '\n' .. name .. '\n' .. device .. '\n' .. not_device .. '\n' .. payload
  at.earlier, at.last = at.last and (at.earlier or '') .. '\n' .. at.last, said
  at.newest = id
end

-- Announce what was appended, in one message: six lines for each event (id, id of the event before it, name, device, not device,
-- payload, in which there are no further lines), the last one first and then the others in their order. A version that reads the
-- first six alone sees by them that it missed something.
-- All are kept for so long after the last, and a little longer. The time is set with the first event in ten seconds, and after
-- one of which the caller did not know, whose writer may have set another. Returns whether it was.
local function finish(stream, at, ms)
  if at.last then
    call('PUBLISH', 'user' .. string.sub(stream, 7), at.last .. (at.earlier or ''))
  end
  if at.from and string.sub(at.newest, 1, 9) == string.sub(at.from, 1, 9) then
    return false
  end
  call('PEXPIRE', stream, ms + 10000)
  return true
end

-- Append one event, and announce it. Gives its id, and whether the time to keep the stream was set.
local function append(stream, last, most, ms, name, payload, device, not_device)
  local at = stand(stream, last)
  follow(stream, at, most, name, payload, device, not_device)
  return at.newest, finish(stream, at, ms)
end
