-- Extends the leases of a process's holds, and takes again those that the server has lost.
-- ARGV: epoch, lease in ms, (hold, value)… Answers EPOCH · OK.
local epoch = ARGV[1]
if lost(epoch) then
  return {'EPOCH'}
end
local expires = math.floor(now_us() / 1000) + tonumber(ARGV[2])
for at = 3, #ARGV, 2 do
  local hold = ARGV[at]
  if redis.call('HEXISTS', HOLDS, hold) == 1 then
    extend(hold, ARGV[at + 1], expires)
  elseif redis.call('EXISTS', done_key(hold)) == 0 then
    keep(epoch, hold, ARGV[at + 1], expires)
  end
end
return {'OK'}
