-- An access token, or the right to fetch it. ARGV: name, digest of a refused token (may be empty), claim, lease in ms.
-- Answers {'token', its fields…, ms left of it} · {'claimed'} · {'wait', ms until the claim of another one ends}.
local key, lock = shard .. ':token:' .. ARGV[1], shard .. ':token-lock:' .. ARGV[1]
local found = redis.call('HMGET', key, 'digest', 'margin', 'life', 'ciphertext', 'nonce', 'wrapped_key', 'wrap_nonce',
  'kek')
local left = redis.call('PTTL', key)
if found[1] and left > tonumber(found[2]) and found[1] ~= ARGV[2] then
  return {'token', found[1], found[3], found[4], found[5], found[6], found[7], found[8], left}
end
if redis.call('SET', lock, ARGV[3], 'NX', 'PX', ARGV[4]) or redis.call('GET', lock) == ARGV[3] then
  return {'claimed'}
end
return {'wait', math.max(1, redis.call('PTTL', lock))}
