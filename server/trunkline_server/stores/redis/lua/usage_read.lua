-- Takes new usage entries. ARGV: consumer, how many at most. Answers a list of (id, fields).
if redis.call('EXISTS', USAGE) == 0 or redis.call('EXISTS', PAUSE) == 1 then
  return {}
end
if #redis.call('XINFO', 'GROUPS', USAGE) == 0 then
  redis.call('XGROUP', 'CREATE', USAGE, GROUP, '0')
end
local taken = redis.call('XREADGROUP', 'GROUP', GROUP, ARGV[1], 'COUNT', ARGV[2], 'STREAMS', USAGE, '>')
return taken and taken[1][2] or {}
