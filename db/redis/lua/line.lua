-- Note which call each user has been told of, so that signals for it may reach them; or that it is over.
-- KEYS[i] the i-th user's line, as note.lua says    signals:{user}
-- ARGV[1] milliseconds to keep it; then for each line:
--         call id; its epoch, or "over"; device of the other one, who may signal; the user's own device;
--         until when this counts, Unix ms
-- Returns for each what note.lua says.
local answers = {}
for i, line in ipairs(KEYS) do
  local call, epoch, from, device, till = unpack(ARGV, 5 * i - 3, 5 * i + 1)
  answers[i] = note(line, call, epoch, from, device, till, ARGV[1])
end
return answers
