-- ARGV: claim, index of the first entry, how long to show them in ms, entry… Answers how many are shown; may be repeated.
local log = shard .. ':log:' .. ARGV[1]
local shown, first = redis.call('LLEN', log), tonumber(ARGV[2])
if shown < first then
  return shown -- Lost with the server's data.
end
for at = 4 + shown - first, #ARGV do
  redis.call('RPUSH', log, ARGV[at])
end
redis.call('PEXPIRE', log, ARGV[3])
return redis.call('LLEN', log)
