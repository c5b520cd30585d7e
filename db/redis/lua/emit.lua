-- Append an event to a user's bounded stream and announce it, or do neither.
-- KEYS[1] the user's stream           events:{user}
-- KEYS[2] if it is only to be sent once, the mark of that        said:{user}:<key>
-- ARGV[1] event name                  ARGV[2] JSON of its payload
-- ARGV[3] only this device, or ""     ARGV[4] not this device, or ""
-- ARGV[5] events kept at least, of so many        ARGV[6] milliseconds all are kept after the last, and marks
-- Returns the event's id in the stream; "" if it was sent before.
if KEYS[2] and redis.call('EXISTS', KEYS[2]) == 1 then
  return ''
end
local id = append(KEYS[1], nil, ARGV[5], ARGV[6], ARGV[1], ARGV[2], ARGV[3], ARGV[4])
if KEYS[2] then
  redis.call('SET', KEYS[2], 1, 'PX', ARGV[6])
end
return id
