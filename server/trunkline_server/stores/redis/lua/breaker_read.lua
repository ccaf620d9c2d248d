-- What changed on the board of breakers. ARGV: its id and version, as last read; empty at first. Answers id, version,
-- whether this is all there is (1 or 0), then for each breaker: name, state, id, round, ms since it opened, ms left, ms
-- left before checks put it off, reason, flags.
local board = shard .. ':breakers'
local found = redis.call('HMGET', board, 'id', 'version')
if not found[1] then
  -- Without its data the board is another one: every worker tells what is open.
  found = {string.format('%.0f', now_us()), '0'}
  redis.call('HSET', board, 'id', found[1], 'version', found[2])
end
if found[1] == ARGV[1] and found[2] == ARGV[2] then
  return {found[1], found[2], 0}
end
local whole = found[1] ~= ARGV[1] or tonumber(ARGV[2]) > tonumber(found[2])
local answer = {found[1], found[2], whole and 1 or 0}
local now = math.floor(now_us() / 1000)
local names = redis.call('ZRANGEBYSCORE', board .. ':changes', whole and '-inf' or '(' .. ARGV[2], '+inf')
for _, name in ipairs(names) do
  local one = redis.call('HMGET', shard .. ':breaker:' .. name, 'state', 'id', 'round', 'since', 'until', 'due', 'reason',
    'flags')
  if one[1] then
    for _, part in ipairs({name, one[1], one[2], one[3], tostring(now - one[4]), tostring(one[5] - now),
      tostring(one[6] - now), one[7], one[8]}) do
      answer[#answer + 1] = part
    end
  else
    redis.call('ZREM', board .. ':changes', name)
  end
end
return answer
