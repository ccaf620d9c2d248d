-- A check moved the end of an opening. ARGV: name, id of the opening, ms until the next call. Answers 1, or 0 when the
-- breaker closed or opened anew meanwhile.
local entry, board = shard .. ':breaker:' .. ARGV[1], shard .. ':breakers'
local found = redis.call('HMGET', entry, 'state', 'id')
if found[1] ~= 'open' or found[2] ~= ARGV[2] then
  return 0
end
redis.call('HSET', entry, 'until', math.floor(now_us() / 1000) + tonumber(ARGV[3]))
redis.call('ZADD', board .. ':changes', redis.call('HINCRBY', board, 'version', 1), ARGV[1])
return 1
