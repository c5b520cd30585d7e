-- Find expired leases, and put each off, so that no other node handles it at the same time.
-- KEYS[1] leases  presence:{shard}:leases
-- ARGV[1] now, Unix ms    ARGV[2] put off until    ARGV[3] most leases
local lapsed = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, ARGV[3])
for _, lease in ipairs(lapsed) do
  redis.call('ZADD', KEYS[1], ARGV[2], lease)
end
return lapsed
