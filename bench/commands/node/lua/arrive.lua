-- A connection comes: present from now on, and all that its client starts from.
-- KEYS[1] pr:<user>      own status, and the node of each connection; at:<node> has its connections, should it die
-- ARGV[1] user   ARGV[2] connection   ARGV[3] node   ARGV[4] device   ARGV[5] place to go on from, or ""
-- Returns own status, the log's name, the ticket, the call, the last id, the first id, how many events, those after the place.
redis.call('HSET', KEYS[1], ARGV[2], ARGV[3])
redis.call('HSETNX', KEYS[1], 'own', 'online')
redis.call('HSET', 'at:' .. ARGV[3], ARGV[2], ARGV[1] .. ' ' .. ARGV[4])
redis.call('PUBLISH', KEYS[1], '')
redis.call('PEXPIRE', KEYS[1], 2592000000)
local stream = 'ev:' .. ARGV[1]
local last = redis.call('XREVRANGE', stream, '+', '-', 'COUNT', 1)[1]
local first = redis.call('XRANGE', stream, '-', '+', 'COUNT', 1)[1]
local missed = ARGV[5] ~= '' and redis.call('XRANGE', stream, '(' .. ARGV[5], '+') or {}
local call = redis.call('GET', 'in:' .. ARGV[1])
if call then
  local key = 'call:' .. call
  local state, a, device_a, device_b = unpack(redis.call('HMGET', key, 'state', 'a', 'device_a', 'device_b'))
  if state == 'reconnecting' and (a == ARGV[1] and device_a or device_b) == ARGV[4] then
    redis.call('HSET', key, 'state', 'live')
    redis.call('ZADD', 'deadlines', redis.call('HGET', key, 'until') or '0', call)
  end
end
return {
  redis.call('HGET', KEYS[1], 'own'), redis.call('GET', 'log') or '', redis.call('GET', 'ticket:' .. ARGV[1]) or '',
  call and redis.call('HMGET', 'call:' .. call, 'state', 'epoch', 'mode', 'a') or {}, last and last[1] or '', first and first[1] or '',
  redis.call('XLEN', stream), missed, call or ''
}
