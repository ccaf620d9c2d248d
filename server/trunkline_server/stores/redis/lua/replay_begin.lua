-- ARGV: key, digest, claim, lease in ms. Answers NEW · IN_FLIGHT · REUSED · DONE, answer…
local key = shard .. ':replay:' .. ARGV[1]
local found = redis.call('HMGET', key, 'digest', 'answers')
if not found[1] then
  redis.call('HSET', key, 'digest', ARGV[2], 'claim', ARGV[3])
  redis.call('PEXPIRE', key, ARGV[4])
  return {'NEW'}
end
if found[1] ~= ARGV[2] then
  return {'REUSED'}
end
if not found[2] then
  -- Sent again after a lost connection: the claim is our own.
  return {redis.call('HGET', key, 'claim') == ARGV[3] and 'NEW' or 'IN_FLIGHT'}
end
local answer = {'DONE'}
for index = 1, tonumber(found[2]) do
  answer[index + 1] = redis.call('HGET', key, tostring(index))
end
return answer
