-- Extends the leases of a process's holds, and takes again those that the server has lost.
-- ARGV: epoch, lease in ms, `1` after a loss, (hold, value)… Answers EPOCH · OK.
-- After a loss the server may have a hold as it was before its last changes: what the process knows is later.
local epoch, after_loss = ARGV[1], ARGV[3] == '1'
if lost(epoch) then
  return {'EPOCH'}
end
local expires = math.floor(now_us() / 1000) + tonumber(ARGV[2])
for at = 4, #ARGV, 2 do
  local hold, value = ARGV[at], ARGV[at + 1]
  local kept = redis.call('HGET', HOLDS, hold)
  if kept and after_loss and kept ~= value then
    release(epoch, hold)
    kept = false
  end
  if kept then
    extend(hold, value, expires)
  elseif redis.call('EXISTS', done_key(hold)) == 0 then
    keep(epoch, hold, value, expires)
  end
end
return {'OK'}
