-- Save a call as call_save.lua does, and tell of the change in the same step, so that nothing is left for its outbox.
-- KEYS[1, 2, 3, 4] as there                           KEYS[5...] as told.lua says
-- ARGV[1] version that was read, 0 for a new call     ARGV[2] document    ARGV[3] call id
-- ARGV[4] deadline in Unix ms, or ""                  ARGV[5] milliseconds to keep the call
-- ARGV[6] events kept at least, of so many            ARGV[7] milliseconds all are kept after the last
-- ARGV[8] milliseconds to keep a line                 ARGV[9] most notes of a call
-- ARGV[10] how many notes of this change              ARGV[11...] these notes, then the words of each event
-- Returns 1; 0 if something waits in the outbox, which comes first: nothing was done. If another change was faster: false, and
-- then the version that there is now and its document, if there is one.
local found, at = read('version'), {}
local version = tonumber(found[1] or '0')
if version ~= tonumber(ARGV[1]) then
  return {false, version, redis.call('HGET', KEYS[1], 'document')}
end
if version > 0 and redis.call('EXISTS', KEYS[2]) == 1 then
  return 0
end
for i = 5, #KEYS do -- a stream that refuses does so here, before anything was written
  at[i] = stand(KEYS[i], found[i - 3])
end
local first = 11 + tonumber(ARGV[10])
for from = first, #ARGV, 6 do -- and so does a line
  if ARGV[from + 5] ~= '' then
    redis.call('STRLEN', 'signals' .. string.sub(KEYS[tonumber(ARGV[from])], 7))
  end
end
for from = first, #ARGV, 6 do
  tell(at, ARGV[3], from, ARGV[8])
end
redis.call('HSET', KEYS[1], 'version', version + 1, 'document', ARGV[2], 'deadline', ARGV[4], 'kept', ARGV[5],
  unpack(stood(at, ARGV[6], ARGV[7])))
redis.call('PEXPIRE', KEYS[1], ARGV[5])
remember(11, tonumber(ARGV[10]), tonumber(ARGV[9]), ARGV[5])
if ARGV[4] ~= '' then
  redis.call('ZADD', KEYS[3], ARGV[4], ARGV[3])
else
  redis.call('ZREM', KEYS[3], ARGV[3])
end
return 1
