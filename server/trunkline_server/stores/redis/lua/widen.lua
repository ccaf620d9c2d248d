-- Counts an admitted call against further rates, all or none.
-- ARGV: epoch, hold, what it is kept as afterwards, tokens, lease in ms, how many rates, (name, calls, tokens, in flight)…
-- Answers OK · EPOCH · SETTLED · RATE, index, what, wait in us.
local epoch, hold, value = ARGV[1], ARGV[2], ARGV[3]
if lost(epoch) then
  return {'EPOCH'}
end
local kept = redis.call('HGET', HOLDS, hold)
if kept == value then
  return {'OK'} -- Sent again after a lost connection.
end
if redis.call('EXISTS', done_key(hold)) == 1 then
  return {'SETTLED'}
end
local now = now_us()
local limited, found = look(7, tonumber(ARGV[6]), hold, tonumber(ARGV[4]), now)
if limited then
  return limited
end
take(found, now)
if value ~= '' then
  -- The held amounts stay: only a hold whose lease ran out adds them again.
  local expires = math.floor(now / 1000) + tonumber(ARGV[5])
  if kept then
    note(hold, value, expires)
  else
    keep(epoch, hold, value, expires)
  end
end
return {'OK'}
