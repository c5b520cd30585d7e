-- Take tokens out of a bucket, or say how long it takes until there are enough.
-- KEYS[1] bucket                      limit:<key>
-- ARGV[1] tokens a second             ARGV[2] most that it holds
-- ARGV[3] tokens to take              ARGV[4] now in ms              (a negative number gives back)
-- ARGV[5] ms to keep it when it is full again
-- Returns 0 when taken, else milliseconds. Without a key the bucket is full; it expires when it would be.
local rate, burst, cost, now = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local held = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens, at = tonumber(held[1]) or burst, tonumber(held[2]) or now
-- Clocks of nodes differ: a bucket never gains backwards, and never twice for the same time.
at = math.max(at, now)
tokens = math.min(burst, tokens + (at - (tonumber(held[2]) or now)) * rate / 1000)
-- Less than 0.00001 missing is an error of adding and storing fractions, and counts as enough.
local lacking, wait = cost - tokens, 0
if lacking > 0.00001 then
  wait = math.ceil((lacking - 0.00001) * 1000 / rate)
else
  tokens = math.min(burst, math.max(0, -lacking))
end
redis.call('HSET', KEYS[1], 'tokens', string.format('%.6f', tokens), 'at', string.format('%.0f', at))
redis.call('PEXPIRE', KEYS[1], math.ceil((burst - tokens) * 1000 / rate) + tonumber(ARGV[5]))
return wait
