-- ARGV: key, claim, index of the first entry. Answers whether the claim is held and open (1 or 0), entry…
local found = redis.call('HMGET', shard .. ':replay:' .. ARGV[1], 'claim', 'answers')
local answer = redis.call('LRANGE', shard .. ':log:' .. ARGV[2], ARGV[3], -1)
table.insert(answer, 1, (found[1] == ARGV[2] and not found[2]) and 1 or 0)
return answer
