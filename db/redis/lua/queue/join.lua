-- Enter the queue, or get the ticket that the user has already; for all who do so at the same time. A user has at most one.
-- If something took them out of the queue since the join began, they may be in a call by now and are not placed: else they
-- could be in both. Whoever wanted to leave a ticket that a claim holds, wants it again. Whoever watches a user who now waits
-- is told to look again.
-- KEYS[i]  prefix of the queue of the i-th join's region: every key below starts with it and shares its hash tag
-- ARGV     for each join nine: user id, ticket id, joined_at (ms), ticket, places (words, see db/redis/tickets.py), lease
--          until (ms), what had taken the user out last when the join began ('': nothing; '?': whatever it was), channel of the
--          user's presence, and what is kept of the ticket among the latest to join ('': all of it)
-- Returns  for each the ticket the user has already, or '': the given one waits now; or 'overtaken'
local answers, placed, outs = {}, {}, {}
for i, q in ipairs(KEYS) do
  outs[i] = q .. ':out:' .. ARGV[9 * i - 8]
end
outs = redis.call('MGET', unpack(outs))
-- What is written is put together, as one command for each key.
local commands, by_key = {}, {}
local function put(command, key, ...)
  local words = by_key[key]
  if not words then
    words = {command, key}
    if command == 'ZADD' then
      words[3] = 'GT'
    end
    by_key[key], commands[#commands + 1] = words, words
  end
  for _, word in ipairs({...}) do
    words[#words + 1] = word
  end
end
for i, q in ipairs(KEYS) do
  local user, id, at, body, places, lease, out, shown, less = unpack(ARGV, 9 * i - 8, 9 * i)
  local own = redis.call('HGET', q .. ':users', user)
  local ticket = placed[q .. user] or (own and redis.call('HGET', q .. ':tickets', own))
  if not ticket and out ~= '?' and (outs[i] or '') ~= out then
    answers[i] = 'overtaken'
  else
    put('ZADD', q .. ':leases', lease, user)
    if ticket then
      redis.call('DEL', q .. ':left:' .. user)
    else
      placed[q .. user] = body
      put('HSET', q .. ':users', user, id)
      put('HSET', q .. ':tickets', id, body)
      put('HSET', q .. ':places', id, places)
      local came = redis.call('SET', q .. ':came:' .. user, at, 'PX', 30000, 'GET')
      if not came or at - came >= 30000 then -- a user who joins and leaves again and again is one arrival, not a crowd
        latest(q .. ':' .. string.match(places, '%S+') .. ':recent', less == '' and body or less, 256)
      end
      for place in sets(places) do
        put('ZADD', q .. ':' .. place, at, id)
      end
      redis.call('PUBLISH', shown, '')
    end
    answers[i] = ticket or ''
  end
end
for _, words in ipairs(commands) do
  redis.call(unpack(words))
end
return answers
