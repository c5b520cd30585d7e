-- Note which call each user has been told of, so that signals for it may reach them; or that it is over.
-- KEYS[i] the i-th user's line (hash: told, from, device, until, last, and a count for each kind of signal)    line:{user}
-- ARGV[1] milliseconds to keep it; then for each line:
--         call id; its epoch, or "over"; device of the other one, who may signal; the user's own device;
--         until when this counts, Unix ms
-- A line never goes back: not to an older call, whose id is less, not to an older epoch, and not from over to open.
-- Returns for each 1; 0 if the line says as much or more already.
local function note(line, call, epoch, from, device, till)
  local told = redis.call('HGET', line, 'told')
  if told then
    local known, begun = string.match(told, '^(%S+) (%S+)$')
    if known > call then
      return 0
    end
    if known == call and (begun == 'over' or tonumber(begun) >= (tonumber(epoch) or math.huge)) then
      return 0
    end
    redis.call('DEL', line)
  end
  redis.call('HSET', line, 'told', call .. ' ' .. epoch, 'from', from, 'device', device, 'until', till)
  redis.call('PEXPIRE', line, ARGV[1])
  return 1
end
local answers = {}
for i, line in ipairs(KEYS) do
  answers[i] = note(line, unpack(ARGV, 5 * i - 3, 5 * i + 1))
end
return answers
