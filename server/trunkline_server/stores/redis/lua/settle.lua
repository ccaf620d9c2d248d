-- ARGV: epoch, hold, spent, seconds to remember, tenant, hold id, budget names, record, admitted in, tokens used, tokens
-- asked for, allotment, how many rates, (name, calls, tokens)…, (name, thresholds)…
-- Budget names are `\n<name>\n<name>\n`. Thresholds are `<limit> <<share>:<nano-USD>>…`, ascending. `admitted in` is the
-- epoch of the admission; empty when unknown, or when the settlement had been accepted and is repeated after a loss.
-- What was admitted from an allotment (else empty) is taken off it, as far as it goes.
-- Answers EPOCH · OK, (spent, held)…, both empty for a counter that is not seeded.
local epoch, hold, spent = ARGV[1], ARGV[2], ARGV[3]
if lost(epoch) then
  return {'EPOCH'}
end
local RATES = 14
local used, asked, FIRST = tonumber(ARGV[10]), tonumber(ARGV[11]), RATES + 3 * ARGV[13]
if not redis.call('SET', done_key(hold), '', 'NX', 'EX', ARGV[4]) then
  return append_levels({'OK'}, epoch, FIRST, 2)
end
local held = release(epoch, hold)
if ARGV[12] ~= '' and spent ~= '0' then
  spend(epoch, ARGV[12], spent)
end
local now = FIRST > RATES and used ~= asked and now_us()
for at = RATES, FIRST - 1, 3 do
  -- Given back is only what is known to be taken, charged only what was not charged before a loss. A correction leaves
  -- nobody below empty.
  local taken = held and string.find(held .. '\n', '\nT' .. ARGV[at] .. '\n', 1, true)
  if now and (taken or (used > asked and ARGV[9] ~= '')) then
    local bucket, rate, volume = bucket_of(ARGV[at], now), tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
    local level = leaked(bucket.tokens, bucket, volume)
    local corrected = level + (used - asked) * CALL
    bucket.calls = leaked(bucket.calls, bucket, rate)
    bucket.tokens = math.max(math.min(corrected, math.max(level, volume * CALL)), 0)
    write_bucket(bucket, rate, volume, now)
  end
end
local levels, alerts = {'OK'}, {}
for at = FIRST, #ARGV, 2 do
  local key = budget_key(ARGV[at])
  local level = redis.call('HMGET', key, 'e', 'spent', 'held')
  local known = level[1] == epoch
  if known and spent ~= '0' then
    local before, after = tonumber(level[2]), redis.call('HINCRBY', key, 'spent', spent)
    level[2] = string.format('%.0f', after)
    for share, mark in string.gmatch(ARGV[at + 1], '<([^:]+):(%d+)>') do
      if after < tonumber(mark) then
        break
      end
      if before < tonumber(mark) and redis.call('HSETNX', key, 'a' .. share, '1') == 1 then
        local limit = string.match(ARGV[at + 1], '^%d+')
        alerts[#alerts + 1] = table.concat({ARGV[at], share, redis.call('HGET', key, 'spent'), limit}, ' ')
      end
    end
  end
  levels[#levels + 1] = known and level[2] or ''
  levels[#levels + 1] = known and level[3] or ''
end
if ARGV[8] ~= '' then
  -- Field 14 tells whether the ledger can have the entry already: never when the hold is of the present epoch.
  redis.call('XADD', USAGE, '*', 't', ARGV[5], 'h', ARGV[6], 's', spent, 'b', ARGV[7],
    'a', table.concat(alerts, '\n'), 'r', ARGV[8], 'e', ARGV[9] == epoch and epoch or '')
end
return levels
