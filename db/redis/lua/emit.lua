-- Append an event to a user's bounded stream and announce it, or do neither.
-- KEYS[1] the user's stream           events:{user}
-- KEYS[2] mark of what was sent       said:{user}:<key>; "next": how far in each lane, a hash      told:{user}
-- ARGV[1] channel                     user:{user}
-- ARGV[2] event name                  ARGV[3] JSON of its payload
-- ARGV[4] only this device, or ""     ARGV[5] not this device, or ""
-- ARGV[6] events kept at least, of so many        ARGV[7] milliseconds all are kept after the last
-- ARGV[8] "durable", "once" (unless sent before) or "next" (in its turn)
-- ARGV[9...] for "next": lane, number in it, number of what has to come before it, milliseconds this is remembered
-- Returns the event's id in the stream; "" if it was sent before; for "next", if what has to come before was not sent yet,
-- up to which number the user was told in this lane: it is not this event's turn then.
-- The announcement is six lines: id, id of the event before it, name, device, not device, payload.
if ARGV[8] == 'once' then
  if not redis.call('SET', KEYS[2], 1, 'NX', 'PX', ARGV[7]) then
    return ''
  end
elseif ARGV[8] == 'next' then
  local told = tonumber(redis.call('HGET', KEYS[2], ARGV[9]) or '0')
  if told < tonumber(ARGV[11]) then
    return told
  end
  if told >= tonumber(ARGV[10]) then
    return ''
  end
  redis.call('HSET', KEYS[2], ARGV[9], ARGV[10])
  redis.call('PEXPIRE', KEYS[2], ARGV[12])
end
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
-- Trimmed by whole blocks of the stream, and by nothing else: who reads it passes over what is too old.
local id = redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[6], '*',
  'name', ARGV[2], 'data', ARGV[3], 'device', ARGV[4], 'not_device', ARGV[5])
redis.call('PEXPIRE', KEYS[1], ARGV[7])
redis.call('PUBLISH', ARGV[1], table.concat({id, last and last[1] or '', ARGV[2], ARGV[4], ARGV[5], ARGV[3]}, '\n'))
return id
