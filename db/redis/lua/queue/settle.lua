-- Claims have become offers, or have failed: remove them, and the tickets that they still hold. From now on each call is
-- what took its users out of the queue, for as long as that is remembered. Whoever watches them is told to look again.
-- KEYS[i]  prefix of the queue of the i-th claim's region
-- ARGV[1]  remember for (ms); then for each claim seven: call id, first ticket id, first user id, second ticket id, second
--          user id; channels of the presence of both, or '', ''
-- Returns  false for each
local commands, by_key, answers = {}, {}, {}
local function put(command, key, word) -- what is removed from one key is removed by one command
  local words = by_key[key]
  if not words then
    words = {command, key}
    by_key[key], commands[#commands + 1] = words, words
  end
  words[#words + 1] = word
end
for i, q in ipairs(KEYS) do
  local from, call = 7 * i - 5, ARGV[7 * i - 5]
  local ids, users, shown = {ARGV[from + 1], ARGV[from + 3]}, {ARGV[from + 2], ARGV[from + 4]}, {ARGV[from + 5], ARGV[from + 6]}
  local held, owns = redis.call('HMGET', q .. ':held', unpack(ids)), redis.call('HMGET', q .. ':users', unpack(users))
  for nth = 1, 2 do
    if held[nth] == call then
      for _, part in ipairs({':held', ':tickets', ':places'}) do
        put('HDEL', q .. part, ids[nth])
      end
      if owns[nth] == ids[nth] then
        redis.call('SET', q .. ':out:' .. users[nth], call, 'PX', ARGV[1])
        put('HDEL', q .. ':users', users[nth])
        put('ZREM', q .. ':leases', users[nth])
      end
    end
    if shown[nth] ~= '' then
      redis.call('PUBLISH', shown[nth], '')
    end
  end
  put('HDEL', q .. ':claims', call)
  put('ZREM', q .. ':claimed', call)
  answers[i] = false
end
for _, words in ipairs(commands) do
  redis.call(unpack(words))
end
return answers
