-- Claims the one probe of a half-open breaker. ARGV: name, token, lease in ms. Answers 0 when it is the caller's, else the
-- ms until it may be free, or until the breaker is half-open again. A board without its data knows only probes.
local found = redis.call('HMGET', shard .. ':breaker:' .. ARGV[1], 'state', 'until')
if found[1] == 'open' then
  local left = tonumber(found[2]) - math.floor(now_us() / 1000)
  if left > 0 then
    return left
  end
end
if found[1] == 'closed' then
  -- The caller hears of it within this time: there is nothing to find out any more.
  return 100
end
local probe = shard .. ':probe:' .. ARGV[1]
if redis.call('SET', probe, ARGV[2], 'NX', 'PX', ARGV[3]) or redis.call('GET', probe) == ARGV[2] then
  return 0
end
return math.max(1, redis.call('PTTL', probe))
