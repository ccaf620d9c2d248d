-- ARGV: lease in ms, (key, claim)… Extends the claims that are still ours and open, and what followers are shown.
for at = 2, #ARGV, 2 do
  local key = shard .. ':replay:' .. ARGV[at]
  local found = redis.call('HMGET', key, 'claim', 'answers')
  if found[1] == ARGV[at + 1] and not found[2] then
    redis.call('PEXPIRE', key, ARGV[1])
    redis.call('PEXPIRE', shard .. ':log:' .. ARGV[at + 1], ARGV[1])
  end
end
return 1
