-- The calls that need attention now, and when the next one will. Each is put off, so that no other node handles it at the
-- same time.
-- KEYS[1] attention       attention:{shard}
-- ARGV[1] now, Unix ms    ARGV[2] put off until    ARGV[3] most calls
-- Returns their ids, and when the first of all needs attention then, in Unix ms; false: none does.
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, ARGV[3])
for _, id in ipairs(due) do
  redis.call('ZADD', KEYS[1], ARGV[2], id)
end
return {due, redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')[2] or false}
