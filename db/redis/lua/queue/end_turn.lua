-- The node whose turn it was has swept: keep its turn for a rest, so that no node repeats the work.
-- KEYS[1]  the turn
-- ARGV     node, rest (ms)
if redis.call('GET', KEYS[1]) == ARGV[1] then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
