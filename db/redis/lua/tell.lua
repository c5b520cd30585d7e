-- Tell users of a numbered event, each in its turn: append it to their streams and announce it, or do neither.
-- KEYS[1, 3, ...] a user's stream                                        events:{user}
-- KEYS[2, 4, ...] how far this user was told in each lane, a hash        told:{user}
--                 and, as `last`, the event that was appended last in any
-- ARGV[1] event name    ARGV[2] JSON of its payload
-- ARGV[3] lane          ARGV[4] number in it          ARGV[5] number of what has to come before it
-- ARGV[6] events kept at least, of so many            ARGV[7] milliseconds all are kept after the last
-- ARGV[8] milliseconds that it is remembered how far a user was told
-- ARGV[9, ...] lanes that end with this: whatever comes in them counts as told
-- Returns -1 if all have been told, now or before; else the least number up to which somebody has been, whose turn has not come.
local number, before, behind = tonumber(ARGV[4]), tonumber(ARGV[5]), -1
for i = 1, #KEYS, 2 do
  local found = redis.call('HMGET', KEYS[i + 1], ARGV[3], 'last')
  local told = tonumber(found[1] or 0)
  if told < before then
    behind = behind < 0 and told or math.min(behind, told)
  elseif told < number then
    local id, set = append(KEYS[i], found[2], ARGV[6], ARGV[7], ARGV[1], ARGV[2], '', '')
    redis.call('HSET', KEYS[i + 1], ARGV[3], ARGV[4], 'last', id)
    if set then
      redis.call('PEXPIRE', KEYS[i + 1], ARGV[8])
    end
  end
  for lane = 9, #ARGV do
    redis.call('HSET', KEYS[i + 1], ARGV[lane], '9007199254740991')
    redis.call('PEXPIRE', KEYS[i + 1], ARGV[8])
  end
end
return behind
