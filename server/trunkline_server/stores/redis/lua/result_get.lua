-- ARGV: key. Answers the result and the milliseconds that are left to it, or nothing.
local key = shard .. ':result:' .. ARGV[1]
local result = redis.call('GET', key)
if not result then
  return {}
end
return {result, redis.call('PTTL', key)}
