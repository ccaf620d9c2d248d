-- Gives back a claim of which no token came. ARGV: name, claim.
local lock = shard .. ':token-lock:' .. ARGV[1]
return redis.call('GET', lock) == ARGV[2] and redis.call('DEL', lock) or 0
