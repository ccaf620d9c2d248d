-- Shares an access token, and ends the claim. ARGV: name, claim, ms left of it, then its fields: digest, margin and life in
-- ms, ciphertext, nonce, wrapped key, wrap nonce, id of the key-encryption key. Answers 1, or 0 where another server has
-- claimed it since.
local key, lock = shard .. ':token:' .. ARGV[1], shard .. ':token-lock:' .. ARGV[1]
local holder = redis.call('GET', lock)
if holder and holder ~= ARGV[2] then
  return 0
end
redis.call('HSET', key, 'digest', ARGV[4], 'margin', ARGV[5], 'life', ARGV[6], 'ciphertext', ARGV[7], 'nonce', ARGV[8],
  'wrapped_key', ARGV[9], 'wrap_nonce', ARGV[10], 'kek', ARGV[11])
redis.call('PEXPIRE', key, ARGV[3])
redis.call('DEL', lock)
return 1
