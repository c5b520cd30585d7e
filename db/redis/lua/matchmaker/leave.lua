-- A process matches no more: another one need not wait for the end of its lease.
-- KEYS[1] the process that matches        queue:{region}:matchmaker
-- ARGV    the process
if redis.call('GET', KEYS[1]) == ARGV[1] then
  redis.call('DEL', KEYS[1])
end
