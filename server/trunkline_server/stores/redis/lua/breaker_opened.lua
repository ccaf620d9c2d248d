-- A breaker opened. ARGV: name, token of this telling, ms until the next call, reason, flags (busy, unreachable), whether
-- a probe failed (1 or 0). Answers whether it was closed before (1 or 0), id, round, ms left.
local entry, board = shard .. ':breaker:' .. ARGV[1], shard .. ':breakers'
local now = math.floor(now_us() / 1000)
local found = redis.call('HMGET', entry, 'state', 'token', 'made', 'id', 'round', 'until', 'since')
local open = found[1] == 'open'
if open and found[2] == ARGV[2] then
  -- Sent again after a lost connection.
  return {tonumber(found[3]), found[4], tonumber(found[5]), tonumber(found[6]) - now}
end
if open and ARGV[6] == '0' then
  -- Another worker was first: its time counts.
  return {0, found[4], tonumber(found[5]), tonumber(found[6]) - now}
end
local version = redis.call('HINCRBY', board, 'version', 1)
local id = open and found[4] or now .. '-' .. version
local round = open and tonumber(found[5]) + 1 or 0
local made = open and 0 or 1
local till = now + tonumber(ARGV[3])
redis.call('HSET', entry, 'state', 'open', 'token', ARGV[2], 'made', made, 'id', id, 'round', round,
  'until', till, 'due', till, 'since', open and found[7] or now, 'reason', ARGV[4], 'flags', ARGV[5])
-- Forgotten a day after a call could have closed it.
redis.call('PEXPIRE', entry, tonumber(ARGV[3]) + 86400000)
redis.call('ZADD', board .. ':changes', version, ARGV[1])
if open then
  -- A first telling that comes late must not take the probe that runs already.
  redis.call('DEL', shard .. ':probe:' .. ARGV[1])
end
return {made, id, round, tonumber(ARGV[3])}
