-- Removes entries that the ledger has. ARGV: id… Answers how many were still there.
redis.call('XACK', USAGE, GROUP, unpack(ARGV))
return redis.call('XDEL', USAGE, unpack(ARGV))
