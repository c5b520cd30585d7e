-- Note what clients have said of calls, of each while its timeline is kept here and has room for all of it.
-- KEYS[i] the timeline of the i-th call    timeline:{shard}:<id>
-- ARGV[1] most notes                       ARGV[2...] for each call how many notes, and these
-- Returns for each how many notes there are then.
local most, at, counts = tonumber(ARGV[1]), 2, {}
for i, timeline in ipairs(KEYS) do
  local new, count = tonumber(ARGV[at]), redis.call('LLEN', timeline)
  if count > 0 and count + new <= most then
    count = redis.call('RPUSH', timeline, unpack(ARGV, at + 1, at + new))
  end
  counts[i], at = count, at + 1 + new
end
return counts
