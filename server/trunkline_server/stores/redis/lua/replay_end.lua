-- ARGV: key, digest, claim, how long to keep in ms (0: the key is free again), how long to show followers in ms,
-- whether to keep the answers (1 or 0), the mark of the end, answer… Answers 1, or 0 when the claim was lost to another.
local key, log = shard .. ':replay:' .. ARGV[1], shard .. ':log:' .. ARGV[3]
local keep = tonumber(ARGV[4])
local found = redis.call('HMGET', key, 'claim', 'answers', 'followed')
if found[2] or (found[1] and found[1] ~= ARGV[3]) then
  return 0
end
if found[3] then
  for at = 8 + redis.call('LLEN', log), #ARGV do
    redis.call('RPUSH', log, 'm' .. ARGV[at])
  end
  redis.call('RPUSH', log, ARGV[7])
  redis.call('PEXPIRE', log, ARGV[5])
end
if keep == 0 then
  redis.call('DEL', key)
  return 1
end
local count = ARGV[6] == '1' and #ARGV - 7 or 0
redis.call('HSET', key, 'digest', ARGV[2], 'claim', ARGV[3], 'answers', count)
for at = 1, count do
  redis.call('HSET', key, tostring(at), ARGV[at + 7])
end
redis.call('PEXPIRE', key, keep)
return 1
