-- Before the scripts that change a call and tell of it, where one server has all their keys; no script itself.
-- KEYS[5...] streams of those who are told      events:{user}
-- The call (KEYS[1]) remembers the event that was appended to each last: field at:{user}.

-- The words of an event, from ARGV[from] on, are six: which of KEYS is the stream; its name; JSON of its payload; only this
-- device, or ""; not this device, or ""; and what the user's line (signals:{user}) says before it: "", or four lines of text:
-- the epoch, device of the other one, the user's own device, until when that counts. The line is kept for `ms`.
local function tell(at, call, from, ms)
  local nth = tonumber(ARGV[from])
  local epoch, other, device, till = string.match(ARGV[from + 5], '^(.-)\n(.-)\n(.-)\n(.*)$')
  if epoch then
    note('signals' .. string.sub(KEYS[nth], 7), call, epoch, other, device, till, ms)
  end
  follow(KEYS[nth], at[nth], ARGV[from + 1], ARGV[from + 2], ARGV[from + 3], ARGV[from + 4])
end

-- Read these fields of the call, and then those that say where the streams stood.
local function read(...)
  local fields = {...}
  for i = 5, #KEYS do
    fields[#fields + 1] = 'at' .. string.sub(KEYS[i], 7)
  end
  return redis.call('HMGET', KEYS[1], unpack(fields))
end

-- Announce what was appended to the streams, and keep them as long as they have to be. Gives where they stand now, as fields of
-- the call and their values.
local function stood(at, most, ms)
  local fields = {}
  for i = 5, #KEYS do
    if at[i] and at[i].newest ~= at[i].before then
      finish(KEYS[i], at[i], most, ms)
      fields[#fields + 1] = 'at' .. string.sub(KEYS[i], 7)
      fields[#fields + 1] = at[i].newest
    end
  end
  return fields
end
