-- Before all scripts that note lines; no script itself.

-- Note on a user's line which call they have been told of, for `ms`. It never goes back: not to an older call, whose id is
-- less, not to an older epoch, and not from over to open. Returns 1; 0 if it says as much or more already.
local function note(line, call, epoch, from, device, till, ms)
  local told = redis.call('HGET', line, 'told')
  if told then
    local known, begun = string.match(told, '^(%S+) (%S+)$')
    if known > call then
      return 0
    end
    if known == call and (begun == 'over' or tonumber(begun) >= (tonumber(epoch) or math.huge)) then
      return 0
    end
  end
  redis.call('HSET', line, 'told', call .. ' ' .. epoch, 'from', from, 'device', device, 'until', till,
    'candidate', 0, 'description', 0)
  redis.call('PEXPIRE', line, ms)
  return 1
end
