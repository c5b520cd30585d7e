-- Tell users of numbered events, one event after the other, each user in their turn: append it to their streams and announce it,
-- or do neither.
-- KEYS, for each user of each event:
--   a user's stream                                                      events:{user}
--   how far this user was told in each lane, a hash, and, as `last`,     told:{user}
--   the event that was appended last in any
-- ARGV[1] events kept at least, of so many            ARGV[2] milliseconds all are kept after the last
-- ARGV[3] milliseconds that it is remembered how far a user was told
-- ARGV[4...] for each event: how many users; its name; JSON of its payload; its lane; its number in it; the number of what has to
--            come before it; how many lanes end with it; those lanes, in which whatever comes counts as told
-- Returns for each -1 if all have been told, now or before; the least number up to which somebody has been, whose turn has not
-- come; or the error that kept it alone from being told.
local most, ms, remembered = ARGV[1], ARGV[2], ARGV[3]
local function tell(key, at)
  local lane, number, before, behind = ARGV[at + 3], tonumber(ARGV[at + 4]), tonumber(ARGV[at + 5]), -1
  for i = key, key + 2 * ARGV[at] - 2, 2 do
    local stream, memory = KEYS[i], KEYS[i + 1]
    local found = call('HMGET', memory, lane, 'last')
    local told = tonumber(found[1] or 0)
    if told < before then
      behind = behind < 0 and told or math.min(behind, told)
    elseif told < number then
      local id, set = append(stream, found[2], most, ms, ARGV[at + 1], ARGV[at + 2], '')
      call('HSET', memory, lane, ARGV[at + 4], 'last', id)
      if set then
        call('PEXPIRE', memory, remembered)
      end
    end
    for over = at + 7, at + 6 + ARGV[at + 6] do
      call('HSET', memory, ARGV[over], '9007199254740991')
      call('PEXPIRE', memory, remembered)
    end
  end
  return behind
end
local answers, key, at = {}, 1, 4
while at <= #ARGV do
  local done, answer = pcall(tell, key, at)
  answers[#answers + 1] = done and answer or (type(answer) == 'table' and answer or {err = answer})
  key, at = key + 2 * ARGV[at], at + 7 + ARGV[at + 6]
end
return answers
