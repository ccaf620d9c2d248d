-- Gives a probe back that ended without a verdict. ARGV: name, token.
local probe = shard .. ':probe:' .. ARGV[1]
return redis.call('GET', probe) == ARGV[2] and redis.call('DEL', probe) or 0
