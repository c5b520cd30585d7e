-- Leave the queue, and hear of it.
-- KEYS[1] ticket:<user>
-- ARGV[1] user   ARGV[2] reason   ARGV[3] only if the client's lease has ended by then, ms, or 0   ARGV[4] milliseconds an event is kept
local own, user = redis.call('GET', KEYS[1]), ARGV[1]
local lease = redis.call('ZSCORE', 'leases', user)
if ARGV[3] ~= '0' and lease and tonumber(lease) > tonumber(ARGV[3]) then return '' end
redis.call('ZREM', 'leases', user)
if not own then return '' end
local id, mode, _, gender = string.match(own, '^(%S+) (%S+) (%S+) (%S+)')
redis.call('DEL', KEYS[1])
redis.call('HDEL', 'tickets', id)
redis.call('ZREM', 'queue:' .. mode, id)
redis.call('ZREM', 'queue:' .. mode .. ':' .. gender, id)
local event = '"queue:left",{"ticket_id":"' .. id .. '","reason":"' .. ARGV[2] .. '"}'
local entry = redis.call('XADD', 'ev:' .. user, 'MAXLEN', '~', 1000, '*', 'd', '', 'e', event)
redis.call('PEXPIRE', 'ev:' .. user, ARGV[4])
redis.call('PUBLISH', 'ev:' .. user, entry .. '  ' .. event)
redis.call('PUBLISH', 'pr:' .. user, '')
return id
