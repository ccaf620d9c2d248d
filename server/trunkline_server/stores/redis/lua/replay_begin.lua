-- ARGV: key, digest, claim (empty: only look), lease in ms.
-- Answers NONE · NEW · REUSED · IN_FLIGHT, claim · DONE, answer…
local key = shard .. ':replay:' .. ARGV[1]
local found = redis.call('HMGET', key, 'digest', 'answers', 'claim')
if not found[1] then
  if ARGV[3] == '' then
    return {'NONE'}
  end
  redis.call('HSET', key, 'digest', ARGV[2], 'claim', ARGV[3])
  redis.call('PEXPIRE', key, ARGV[4])
  return {'NEW'}
end
if found[1] ~= ARGV[2] then
  return {'REUSED'}
end
if not found[2] then
  if found[3] == ARGV[3] then
    return {'NEW'} -- Sent again after a lost connection: the claim is our own.
  end
  -- The end of the execution is to be shown, see replay_end.
  redis.call('HSET', key, 'followed', 1)
  return {'IN_FLIGHT', found[3]}
end
local answer = {'DONE'}
for index = 1, tonumber(found[2]) do
  answer[index + 1] = redis.call('HGET', key, tostring(index))
end
return answer
