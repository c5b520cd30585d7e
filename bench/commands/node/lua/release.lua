-- The fence has refused a claim: who is not at fault has the old place again, the others leave the queue.
-- KEYS[1] call:<id>
-- ARGV[1] call id   ARGV[2] milliseconds an event is kept   ARGV[3] until when their clients are there, ms   ARGV[4...] at fault
local state, a, b, ticket_a, ticket_b = unpack(redis.call('HMGET', KEYS[1], 'state', 'a', 'b', 'ticket_a', 'ticket_b'))
if state ~= 'claimed' then return '' end
redis.call('DEL', KEYS[1])
redis.call('ZREM', 'deadlines', ARGV[1])
local fault = {}
for i = 4, #ARGV do fault[ARGV[i]] = true end
for user, text in pairs({[a] = ticket_a, [b] = ticket_b}) do
  redis.call('DEL', 'in:' .. user)
  redis.call('PUBLISH', 'pr:' .. user, '')
  local ticket = cjson.decode(text)
  if fault[user] then
    local event = '"queue:left",{"ticket_id":"' .. ticket.id .. '","reason":"moderated"}'
    local id = redis.call('XADD', 'ev:' .. user, 'MAXLEN', '~', 1000, '*', 'd', '', 'e', event)
    redis.call('PEXPIRE', 'ev:' .. user, ARGV[2])
    redis.call('PUBLISH', 'ev:' .. user, id .. '  ' .. event)
  else
    local since = string.format('%.0f', ticket.since)
    redis.call('SET', 'ticket:' .. user, table.concat({ticket.id, ticket.mode, since, ticket.card.gender}, ' '))
    redis.call('HSET', 'tickets', ticket.id, text)
    redis.call('ZADD', 'leases', ARGV[3], user)
    redis.call('ZADD', 'queue:' .. ticket.mode, since, ticket.id)
    redis.call('ZADD', 'queue:' .. ticket.mode .. ':' .. ticket.card.gender, since, ticket.id)
  end
end
return ''
