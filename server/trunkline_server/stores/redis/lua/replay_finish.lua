-- ARGV: key, digest, claim, how long to keep in ms, answer… Answers 1 when kept, 0 when the claim was lost to another.
local key = shard .. ':replay:' .. ARGV[1]
local found = redis.call('HMGET', key, 'claim', 'answers')
if found[2] or (found[1] and found[1] ~= ARGV[3]) then
  return 0
end
redis.call('HSET', key, 'digest', ARGV[2], 'claim', ARGV[3], 'answers', #ARGV - 4)
for at = 5, #ARGV do
  redis.call('HSET', key, tostring(at - 4), ARGV[at])
end
redis.call('PEXPIRE', key, ARGV[4])
return 1
