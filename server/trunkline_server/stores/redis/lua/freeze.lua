-- First step of seeding: when the ledger can tell exactly what was charged to these budgets, stops the delivery of
-- usage for a while, so that it stays so until seed.lua runs.
-- ARGV: epoch, pause in ms, most entries to look through, name… Answers EPOCH · BUSY, wait in ms · OK, last delivered id, epoch.
local epoch = ARGV[1]
if lost(epoch) then
  return {'EPOCH'}
end
-- Give every process the time to take its holds again and to repeat its last settlements.
local ready = tonumber(string.match(epoch, '%d+$')) - now_us()
if ready > 0 then
  return {'BUSY', math.ceil(ready / 1000)}
end
local delivered = '0-0'
if redis.call('EXISTS', USAGE) == 1 then
  if redis.call('XLEN', USAGE) > tonumber(ARGV[3]) then
    return {'BUSY', 50}
  end
  for _, group in ipairs(redis.call('XINFO', 'GROUPS', USAGE)) do
    for field = 1, #group, 2 do
      if group[field] == 'last-delivered-id' then
        delivered = group[field + 1]
      end
    end
  end
  -- Unsure are entries that are being written, and those which an earlier epoch may have written.
  local pending = {}
  if delivered ~= '0-0' then
    for _, one in ipairs(redis.call('XPENDING', USAGE, GROUP, '-', '+', ARGV[3])) do
      pending[one[1]] = true
    end
  end
  for _, entry in ipairs(redis.call('XRANGE', USAGE, '-', '+')) do
    if pending[entry[1]] or entry[2][WRITTEN_IN] ~= epoch then
      for at = 4, #ARGV do
        if mentions(entry, ARGV[at]) then
          return {'BUSY', 20}
        end
      end
    end
  end
end
redis.call('SET', PAUSE, '1', 'PX', ARGV[2])
return {'OK', delivered, epoch}
