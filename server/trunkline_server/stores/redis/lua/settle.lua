-- Settles one call, or several that were admitted from one allotment.
-- ARGV: epoch, admitted in, tenant, seconds to remember, allotment, budget names, tokens used, tokens asked for, how many
-- rates, (name, calls, tokens)…, how many calls, (hold id, spent, record)…, (name, thresholds)…
-- Budget names are `\n<name>\n<name>\n`. Thresholds are `<limit> <<share>:<nano-USD>>…`, ascending. `admitted in` is the
-- epoch of the admission; empty when unknown, or when the settlement had been accepted and is repeated after a loss.
-- What was admitted from an allotment (else empty) is taken off it, as far as it goes. Rates are those of a single call.
-- Answers EPOCH · OK, (spent, held)…, both empty for a counter that is not seeded.
local epoch, admitted_in, allotment = ARGV[1], ARGV[2], ARGV[5]
if lost(epoch) then
  return {'EPOCH'}
end
local RATES = 10
local CALLS = RATES + 3 * ARGV[9] + 1
local BUDGETS = CALLS + 3 * ARGV[CALLS - 1]

local fresh, total, held = {}, 0, false
for at = CALLS, BUDGETS - 1, 3 do
  local hold = ARGV[3] .. '/' .. ARGV[at]
  if redis.call('SET', done_key(hold), '', 'NX', 'EX', ARGV[4]) then
    fresh[#fresh + 1] = at
    held = release(epoch, hold)
    total = total + tonumber(ARGV[at + 1])
  end
end
if #fresh == 0 then
  return append_levels({'OK'}, epoch, BUDGETS, 2)
end
local spent = string.format('%.0f', total)
if allotment ~= '' and total > 0 then
  spend(epoch, allotment, spent)
end

local used, asked = tonumber(ARGV[7]), tonumber(ARGV[8])
local now = CALLS > RATES + 1 and used ~= asked and now_us()
for at = RATES, CALLS - 2, 3 do
  -- Given back is only what is known to be taken, charged only what was not charged before a loss. A correction leaves
  -- nobody below empty.
  local taken = held and string.find(held .. '\n', '\nT' .. ARGV[at] .. '\n', 1, true)
  if now and (taken or (used > asked and admitted_in ~= '')) then
    local bucket, rate, volume = bucket_of(ARGV[at], now), tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
    local level = leaked(bucket.tokens, bucket, volume)
    local corrected = level + (used - asked) * CALL
    bucket.calls = leaked(bucket.calls, bucket, rate)
    bucket.tokens = math.max(math.min(corrected, math.max(level, volume * CALL)), 0)
    write_bucket(bucket, rate, volume, now)
  end
end

local levels, alerts = {'OK'}, {}
for at = BUDGETS, #ARGV, 2 do
  local key = budget_key(ARGV[at])
  local level = redis.call('HMGET', key, 'e', 'spent', 'held')
  local known = level[1] == epoch
  if known and total > 0 then
    local before, after = tonumber(level[2]), redis.call('HINCRBY', key, 'spent', spent)
    level[2] = string.format('%.0f', after)
    for share, mark in string.gmatch(ARGV[at + 1], '<([^:]+):(%d+)>') do
      if after < tonumber(mark) then
        break
      end
      if before < tonumber(mark) and redis.call('HSETNX', key, 'a' .. share, '1') == 1 then
        local limit = string.match(ARGV[at + 1], '^%d+')
        alerts[#alerts + 1] = table.concat({ARGV[at], share, level[2], limit}, ' ')
      end
    end
  end
  levels[#levels + 1] = known and level[2] or ''
  levels[#levels + 1] = known and level[3] or ''
end

for _, at in ipairs(fresh) do
  if ARGV[at + 2] ~= '' then
    -- Field 14 tells whether the ledger can have the entry already: never when the hold is of the present epoch. What is
    -- crossed together, the first of them tells.
    redis.call('XADD', USAGE, '*', 't', ARGV[3], 'h', ARGV[at], 's', ARGV[at + 1], 'b', ARGV[6],
      'a', table.concat(alerts, '\n'), 'r', ARGV[at + 2], 'e', admitted_in == epoch and epoch or '')
    alerts = {}
  end
end
return levels
