-- A signal of one side of a call for the other: who may, the epoch, the device, the number; then appended and announced.
-- KEYS[1] call:<id>
-- ARGV[1] the sender    ARGV[2] their device    ARGV[3] epoch    ARGV[4] "candidate", "offer" or "answer"
-- ARGV[5] most of it in an epoch    ARGV[6] "video" if it describes a video    ARGV[7] milliseconds an event is kept
-- ARGV[8] the event, or "" if it is not to be passed on (no more than the checks are made then)
-- Returns "" or the code of what is wrong.
local state, epoch, a, b, device_a, device_b, mode = unpack(
  redis.call('HMGET', KEYS[1], 'state', 'epoch', 'a', 'b', 'device_a', 'device_b', 'mode'))
local offers = a == ARGV[1]
if not state or not (offers or b == ARGV[1]) then return 'not_found' end
if state == 'ended' then return 'gone' end
if state == 'offered' then return 'conflict' end
if epoch ~= ARGV[3] then return 'stale_epoch' end
if (offers and device_a or device_b) ~= ARGV[2] then return 'conflict' end
local candidate = ARGV[4] == 'candidate'
if not candidate and (ARGV[4] == 'offer') ~= offers then return 'invalid_request' end
if ARGV[6] == 'video' and mode == 'voice' then return 'invalid_request' end
if ARGV[8] == '' then return '' end
local field = (candidate and 'candidates ' or 'descriptions ') .. ARGV[1]
if redis.call('HINCRBY', KEYS[1], field, 1) > tonumber(ARGV[5]) then return 'rate_limited' end
local peer, device = b, device_b
if not offers then peer, device = a, device_a end
local stream = 'ev:' .. peer
local id = redis.call('XADD', stream, 'MAXLEN', '~', 1000, '*', 'd', device, 'e', ARGV[8])
redis.call('PEXPIRE', stream, ARGV[7])
redis.call('PUBLISH', stream, id .. ' ' .. device .. ' ' .. ARGV[8])
return ''
