-- Before the scripts that save a call; no script itself.

-- Append notes ARGV[from], ... to the call's timeline KEYS[4], a list that is kept for `ms`. Of a call of which there is too much
-- to tell are kept what came first and, always, the last change.
local function remember(from, count, most, ms)
  if count == 0 then
    return
  end
  if redis.call('RPUSH', KEYS[4], unpack(ARGV, from, from + count - 1)) > most then
    redis.call('LTRIM', KEYS[4], 0, most - count - 1)
    redis.call('RPUSH', KEYS[4], unpack(ARGV, from, from + count - 1))
  end
  redis.call('PEXPIRE', KEYS[4], ms)
end
