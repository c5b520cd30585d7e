-- Meet the first who waits and fits, or wait.
-- KEYS[1] queue:<mode>       sorted set of users by when they came
-- ARGV[1] user   ARGV[2] now, ms   ARGV[3] id for a call   ARGV[4] deadline of an offer, ms   ARGV[5] mode   ARGV[6] id for a ticket
-- ARGV[7] the applicant, JSON: gender, age, tier, genders, age_min, age_max, apart, card
-- Returns {"in_call"}, {"waiting", ticket, since, how many wait}, or {"met", the other's applicant}.
local me = ARGV[1]
if redis.call('EXISTS', 'in:' .. me) == 1 then return {'in_call'} end
local function waiting()
  local id, since = unpack(redis.call('HMGET', 'ticket:' .. me, 'id', 'since'))
  return {'waiting', id, since, redis.call('ZCARD', KEYS[1])}
end
if redis.call('EXISTS', 'ticket:' .. me) == 1 then return waiting() end
local mine = cjson.decode(ARGV[7])
local function fits(one, other)
  return string.find(one.genders, other.gender, 1, true) and one.age_min <= other.age and other.age <= one.age_max
end
for _, user in ipairs(redis.call('ZRANGE', KEYS[1], 0, 49)) do
  local text = redis.call('HGET', 'ticket:' .. user, 'applicant')
  local other = text and cjson.decode(text)
  if other and fits(mine, other) and fits(other, mine) and (mine.tier == 'suspect') == (other.tier == 'suspect')
      and not string.find(mine.apart, user, 1, true) then
    local call = 'call:' .. ARGV[3]
    redis.call('ZREM', KEYS[1], user)
    redis.call('DEL', 'ticket:' .. user)
    redis.call('HSET', call, 'a', user, 'b', me, 'mode', ARGV[5], 'state', 'offered', 'epoch', 0,
      'gender_a', other.gender, 'gender_b', mine.gender)
    redis.call('PEXPIRE', call, 86400000)
    redis.call('SET', 'in:' .. me, ARGV[3], 'EX', 86400)
    redis.call('SET', 'in:' .. user, ARGV[3], 'EX', 86400)
    redis.call('ZADD', 'deadlines', ARGV[4], ARGV[3])
    for _, one in ipairs({me, user}) do redis.call('PUBLISH', 'pr:' .. one, '') end
    return {'met', text}
  end
end
redis.call('ZADD', KEYS[1], ARGV[2], me)
redis.call('PUBLISH', 'pr:' .. me, '')
redis.call('HSET', 'ticket:' .. me, 'id', ARGV[6], 'since', ARGV[2], 'mode', ARGV[5], 'applicant', ARGV[7])
return waiting()
