-- Takes over entries that another consumer took and did not finish, and forgets consumers that are gone.
-- ARGV: consumer, idle in ms, how many at most, ms after which an idle consumer is forgotten. Answers as usage_read.lua.
if redis.call('EXISTS', USAGE) == 0 or #redis.call('XINFO', 'GROUPS', USAGE) == 0 then
  return {}
end
local claimed = redis.call('XAUTOCLAIM', USAGE, GROUP, ARGV[1], ARGV[2], '0-0', 'COUNT', ARGV[3])
for _, consumer in ipairs(redis.call('XINFO', 'CONSUMERS', USAGE, GROUP)) do
  local facts = {}
  for field = 1, #consumer, 2 do
    facts[consumer[field]] = consumer[field + 1]
  end
  if facts.pending == 0 and facts.idle > tonumber(ARGV[4]) and facts.name ~= ARGV[1] then
    redis.call('XGROUP', 'DELCONSUMER', USAGE, GROUP, facts.name)
  end
end
return claimed[2]
