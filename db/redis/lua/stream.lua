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

-- Keep what was appended last, and all before it, for so long and a little longer. The time is set with the first event in ten
-- seconds, and after one of which the caller did not know, whose writer may have set another. Returns whether it was.
-- The stream is trimmed after one event in ten, by whole blocks, and by nothing else: who reads it passes over what is too old.
local function keep(stream, from, to, most, ms)
  if string.find(to, '0-', 1, true) then -- its millisecond ends so
    call('XTRIM', stream, 'MAXLEN', '~', most)
  end
  if from and string.sub(to, 1, 9) == string.sub(from, 1, 9) then
    return false
  end
  call('PEXPIRE', stream, ms + 10000)
  return true
end

-- Append an event to a stream that stands `at` this place; `finish` announces it.
local function follow(stream, at, name, payload, device, not_device)
  local to_all, id = device == '' and not_device == '', nil
  if at.from and to_all then
    id = call('XADD', stream, 'NOMKSTREAM', '*', 'name', name, 'data', payload)
  elseif at.from and not_device == '' then
    id = call('XADD', stream, 'NOMKSTREAM', '*', 'name', name, 'data', payload, 'device', device)
  elseif at.from then
    id = call('XADD', stream, 'NOMKSTREAM', '*', 'name', name, 'data', payload, 'device', device, 'not_device', not_device)
  end
  if not id then -- or the stream has gone, and with it the time that it is kept
    at.from = false
    id = call('XADD', stream, '*', 'name', name, 'data', payload, 'device', device, 'not_device', not_device)
  end
  local said = id .. '\n' .. at.newest .. '\n' .. name .. '\n' .. device .. '\n' .. not_device .. '\n' .. payload
  at.earlier, at.last = at.last and (at.earlier or '') .. '\n' .. at.last, said
  at.newest = id
end

-- Announce what was appended, in one message: six lines for each event (id, id of the event before it, name, device, not device,
-- payload, in which there are no further lines), the last one first and then the others in their order. A version that reads the
-- first six alone sees by them that it missed something. Then `keep` it.
local function finish(stream, at, most, ms)
  if at.last then
    call('PUBLISH', 'user' .. string.sub(stream, 7), at.last .. (at.earlier or ''))
  end
  return keep(stream, at.from, at.newest, most, ms)
end

-- Append one event, for this device alone if there is one, and announce it: as above, in few steps where nothing came since the
-- `last` one. Gives its id, and whether the time to keep the stream was set.
local function append(stream, last, most, ms, name, payload, device)
  if last and not call('XREAD', 'COUNT', '1', 'STREAMS', stream, last) then
    local id
    if device == '' then
      id = call('XADD', stream, 'NOMKSTREAM', '*', 'name', name, 'data', payload)
    else
      id = call('XADD', stream, 'NOMKSTREAM', '*', 'name', name, 'data', payload, 'device', device)
    end
    if id then
      local said = id .. '\n' .. last .. '\n' .. name .. '\n' .. device .. '\n\n' .. payload
      call('PUBLISH', 'user' .. string.sub(stream, 7), said)
      return id, keep(stream, last, id, most, ms)
    end
  end
  local at = stand(stream)
  follow(stream, at, name, payload, device, '')
  return at.newest, finish(stream, at, most, ms)
end
