-- Before all scripts that append to users' streams; no script itself.

-- The id of the newest event of a stream, or ''.
local function newest(stream)
  local found = redis.call('XREVRANGE', stream, '+', '-', 'COUNT', 1)[1]
  return found and found[1] or ''
end

-- Append an event behind `last`, the newest, and announce it. Gives its id.
-- The announcement is six lines: id, id of the event before it, name, device, not device, payload.
local function follow(stream, last, most, name, payload, device, not_device)
  -- Trimmed by whole blocks of the stream, and by nothing else: who reads it passes over what is too old.
  local id = redis.call('XADD', stream, 'MAXLEN', '~', most, '*',
    'name', name, 'data', payload, 'device', device, 'not_device', not_device)
  redis.call('PUBLISH', 'user' .. string.sub(stream, 7),
    id .. '\n' .. last .. '\n' .. name .. '\n' .. device .. '\n' .. not_device .. '\n' .. payload)
  return id
end

-- All are kept for so long after the last, and a little longer.
local function keep(stream, ms)
  redis.call('PEXPIRE', stream, ms + 10000)
end

-- Append an event and announce it. `last`: the event that was appended before it, as far as the caller knows; to see that
-- there is no newer one costs Redis a third of reading the newest. `ms`: so long all are kept after it.
-- Gives the event's id, and whether the time to keep the stream was set: with the first event in ten seconds, or after one
-- of which the caller did not know, whose writer may have set another.
local function append(stream, last, most, ms, name, payload, device, not_device)
  local known = last and not redis.call('XRANGE', stream, '(' .. last, '+', 'COUNT', 1)[1]
  if not known then
    last = newest(stream)
  end
  local id = follow(stream, last, most, name, payload, device, not_device)
  if known and string.sub(id, 1, 9) == string.sub(last, 1, 9) then
    return id, false
  end
  keep(stream, ms)
  return id, true
end
