-- Which log this is: a random name. A new one is given if there is none, if the log was looked at less often than the caller
-- has seen (an old snapshot was loaded), or if its slots have another master since. What was stored under another name is lost.
-- KEYS[1] the log: name, born (Unix ms), looks, epoch      events:log, in a cluster one for each part of the slots
-- ARGV[1] the name that the caller knows, or ""     ARGV[2] how many looks it had then
-- ARGV[3] a name for a new one                     ARGV[4] the newest configuration epoch of a master of its slots; 0: no cluster
-- Returns its name, when it was born, and how many looks it has had, this one included.
local name, looks, known = unpack(redis.call('HMGET', KEYS[1], 'name', 'looks', 'epoch'))
local epoch = tonumber(ARGV[4])
if not name or (name == ARGV[1] and tonumber(looks) < tonumber(ARGV[2])) or tonumber(known or 0) < epoch then
  local time = redis.call('TIME')
  redis.call('DEL', KEYS[1])
  redis.call('HSET', KEYS[1], 'name', ARGV[3], 'born', string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000)),
    'epoch', string.format('%.0f', epoch))
end
looks = redis.call('HINCRBY', KEYS[1], 'looks', 1)
return {redis.call('HGET', KEYS[1], 'name'), redis.call('HGET', KEYS[1], 'born'), looks}
