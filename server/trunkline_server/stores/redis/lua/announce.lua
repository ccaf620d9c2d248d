-- ARGV: channel, message. A script only to be routed and batched like the rest.
return redis.call('PUBLISH', ARGV[1], ARGV[2])
