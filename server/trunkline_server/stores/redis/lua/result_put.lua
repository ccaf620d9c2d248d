-- ARGV: key, result, how long to keep it in ms.
redis.call('SET', shard .. ':result:' .. ARGV[1], ARGV[2], 'PX', ARGV[3])
return 1
