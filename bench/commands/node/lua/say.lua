-- Append an event to a user's stream and announce it.
-- KEYS[1] ev:<user>    ARGV[1] only this device, or ""    ARGV[2] milliseconds it is kept    ARGV[3] the event
local id = redis.call('XADD', KEYS[1], 'MAXLEN', '~', 1000, '*', 'd', ARGV[1], 'e', ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
redis.call('PUBLISH', KEYS[1], id .. ' ' .. ARGV[1] .. ' ' .. ARGV[3])
return id
