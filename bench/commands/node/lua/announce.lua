-- Announce a stored message to the members of its room, in its turn.
-- KEYS[1] told:<room>                  up to which number the room was told
-- ARGV[1] its number    ARGV[2] number of what has to come before it
-- ARGV[3] milliseconds an event is kept    ARGV[4] the event    ARGV[5...] the members
-- Returns -1 when it has been told; else up to which number the room was: it is not its turn then.
local told = tonumber(redis.call('GET', KEYS[1]) or '0')
if told < tonumber(ARGV[2]) then return told end
if told >= tonumber(ARGV[1]) then return -1 end
redis.call('SET', KEYS[1], ARGV[1], 'EX', 86400)
for i = 5, #ARGV do
  local stream = 'ev:' .. ARGV[i]
  local id = redis.call('XADD', stream, 'MAXLEN', '~', 1000, '*', 'd', '', 'e', ARGV[4])
  redis.call('PEXPIRE', stream, ARGV[3])
  redis.call('PUBLISH', stream, id .. '  ' .. ARGV[4])
end
return -1
