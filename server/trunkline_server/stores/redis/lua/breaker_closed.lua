-- A call was answered: a breaker closes. ARGV: name, token of this telling, id of the opening. Answers whether it was open
-- (1 or 0), and for how many ms.
local entry, board = shard .. ':breaker:' .. ARGV[1], shard .. ':breakers'
local found = redis.call('HMGET', entry, 'state', 'token', 'id', 'since', 'lasted')
if found[1] == 'closed' and found[2] == ARGV[2] then
  -- Sent again after a lost connection.
  return {1, tonumber(found[5])}
end
if found[1] ~= 'open' or found[3] ~= ARGV[3] then
  return {0, 0}
end
local lasted = math.floor(now_us() / 1000) - tonumber(found[4])
local version = redis.call('HINCRBY', board, 'version', 1)
redis.call('HSET', entry, 'state', 'closed', 'token', ARGV[2], 'lasted', lasted)
-- Long enough for every worker to read it; who was away for longer reads everything anew.
redis.call('PEXPIRE', entry, 600000)
redis.call('ZADD', board .. ':changes', version, ARGV[1])
redis.call('DEL', shard .. ':probe:' .. ARGV[1])
return {1, lasted}
