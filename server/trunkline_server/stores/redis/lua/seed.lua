-- Second step of seeding: what the ledger has, plus what no consumer has taken yet, plus the holds.
-- ARGV: epoch, the last delivered id that freeze.lua answered, (name, spent in the ledger, expiry in Unix seconds)…
-- Answers EPOCH · BUSY, wait in ms · OK.
local epoch, frozen = ARGV[1], ARGV[2]
if lost(epoch) then
  return {'EPOCH'}
end
local waiting = {}
if redis.call('EXISTS', USAGE) == 1 then
  for _, group in ipairs(redis.call('XINFO', 'GROUPS', USAGE)) do
    for field = 1, #group, 2 do
      if group[field] == 'last-delivered-id' and group[field + 1] ~= frozen then
        return {'BUSY', 5} -- The pause ran out, or another seeding ended it.
      end
    end
  end
  waiting = redis.call('XRANGE', USAGE, '(' .. frozen, '+')
end
redis.call('DEL', PAUSE)
for at = 3, #ARGV, 3 do
  for _, entry in ipairs(waiting) do
    if entry[2][WRITTEN_IN] ~= epoch and mentions(entry, ARGV[at]) then
      return {'BUSY', 20}
    end
  end
end

local holds = redis.call('HVALS', HOLDS)
for at = 3, #ARGV, 3 do
  local name = ARGV[at]
  local key = budget_key(name)
  if redis.call('HGET', key, 'e') ~= epoch then
    redis.call('DEL', key)
    redis.call('HSET', key, 'e', epoch, 'spent', ARGV[at + 1], 'held', '0')
    redis.call('EXPIREAT', key, ARGV[at + 2])
    for _, entry in ipairs(waiting) do
      if mentions(entry, name) then
        redis.call('HINCRBY', key, 'spent', entry[2][SPENT])
      end
    end
    for _, value in ipairs(holds) do
      if string.find(string.match(value, '^[^\f]*') .. '\n', '\n' .. name .. '\n', 1, true) then
        redis.call('HINCRBY', key, 'held', string.match(value, '^%d+'))
      end
    end
  end
end
return {'OK'}
