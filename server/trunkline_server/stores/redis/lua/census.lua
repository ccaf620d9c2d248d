-- Counts the living workers, this one among them. ARGV: worker, lease in ms. Answers how many.
local key, now_ms = shard .. ':workers', math.floor(now_us() / 1000)
redis.call('ZADD', key, now_ms + tonumber(ARGV[2]), ARGV[1])
redis.call('ZREMRANGEBYSCORE', key, '-inf', string.format('%.0f', now_ms))
redis.call('PEXPIRE', key, SLACK_MS)
return redis.call('ZCARD', key)
