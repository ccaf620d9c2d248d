-- Claims the background check of an integration. ARGV: name, token, ms that nobody else checks it. Answers 1 or 0.
local key = shard .. ':check:' .. ARGV[1]
return (redis.call('SET', key, ARGV[2], 'NX', 'PX', ARGV[3]) or redis.call('GET', key) == ARGV[2]) and 1 or 0
