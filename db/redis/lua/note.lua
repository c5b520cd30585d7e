-- Before all scripts that look at lines; no script itself.
-- A line is one string, so that a signal costs one read and one write of it: "<call> <epoch>\n<device of the other one, who may
-- signal>\n", and then, packed: until when that counts, Unix ms; how many candidates and descriptions have come; the user's own
-- device; the event that was appended by it last; the name of the request that came last, and its answer.
local LINE = '>I8I4I4sss'

-- Note on a user's line which call they have been told of, for `ms`. It never goes back: not to an older call, whose id is
-- less, not to an older epoch, and not from over to open. Returns 1; 0 if it says as much or more already.
local function note(line, call, epoch, from, device, till, ms)
  local at, last, said = '', '', redis.call('GET', line)
  if said then
    local known, begun, packed = string.match(said, '^(%S+) (%S+)\n[^\n]*\n()')
    if known > call then
      return 0
    end
    if known == call and (begun == 'over' or tonumber(begun) >= (tonumber(epoch) or math.huge)) then
      return 0
    end
    at, last = select(5, struct.unpack(LINE, said, packed))
  end
  redis.call('SET', line, call .. ' ' .. epoch .. '\n' .. from .. '\n' .. struct.pack(LINE, till, 0, 0, device, at, last), 'PX', ms)
  return 1
end
