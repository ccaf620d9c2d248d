-- ARGV: key, claim. Answers 1 when the claim was given up, 0 when it was not ours.
local key = shard .. ':replay:' .. ARGV[1]
local found = redis.call('HMGET', key, 'claim', 'answers')
if found[1] ~= ARGV[2] or found[2] then
  return 0
end
return redis.call('DEL', key)
