-- Append events to users' bounded streams in this order, and announce each user theirs. Each is appended and announced, or neither.
-- KEYS[i] the stream of the i-th event's user         events:{user}
-- ARGV[1] events kept at least, of so many            ARGV[2] milliseconds all are kept after the last, and marks
-- ARGV[3...] for each event: if it is only to be sent once, the key of the mark of that (said:{user}:<key>), else "";
--            its name; JSON of its payload; only this device, or ""; not this device, or ""
-- Returns for each 1, 0 if it was sent before, or the error that kept it alone from being sent.
local most, ms, at, answers = ARGV[1], ARGV[2], {}, {}
local function send(stream, from)
  at[stream] = at[stream] or stand(stream)
  follow(stream, at[stream], ARGV[from], ARGV[from + 1], ARGV[from + 2], ARGV[from + 3])
end
for i, stream in ipairs(KEYS) do
  local key, answer = ARGV[5 * i - 2], 1
  local mark = key ~= '' and 'said' .. string.sub(stream, 7) .. ':' .. key
  if mark and not call('SET', mark, '1', 'NX', 'PX', ms) then
    answer = 0
  else
    local done, fault = pcall(send, stream, 5 * i - 1)
    if not done then
      if mark then
        call('DEL', mark)
      end
      answer = {err = fault}
    end
  end
  answers[i] = answer
end
for _, stream in ipairs(KEYS) do
  if at[stream] then
    finish(stream, at[stream], most, ms)
    at[stream] = nil
  end
end
return answers
