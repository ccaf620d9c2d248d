-- Releases holds whose lease ran out. ARGV: epoch, how many at most, whether to compare the server's run id (1 or 0).
-- Answers EPOCH · OK, how many.
local epoch = ARGV[1]
if lost(epoch) then
  return {'EPOCH'}
end
if ARGV[3] == '1' then
  -- Seen only when a former master, its scripts still loaded, takes over again: others answer NOSCRIPT.
  local info = redis.call('INFO', 'server')
  local run = string.match(info, 'run_id:(%x+)') or ''
  if string.sub(epoch, 1, #run) ~= run then
    return {'EPOCH'}
  end
end
return {'OK', sweep(epoch, math.floor(now_us() / 1000), tonumber(ARGV[2]))}
