-- ARGV: epoch, hold, amount, lease in ms, how many rates, how many budgets, (subject, per minute)…, (name, limit, hard)…
-- Answers OK · EPOCH · SETTLED · RATE, index, wait in us · SEED, index… · BUDGET, index, spent, held.
local epoch, hold, amount = ARGV[1], ARGV[2], ARGV[3]
if lost(epoch) then
  return {'EPOCH'}
end
if redis.call('HEXISTS', HOLDS, hold) == 1 then
  return {'OK'} -- Sent again after a lost connection.
end
if redis.call('EXISTS', done_key(hold)) == 1 then
  return {'SETTLED'} -- The void of a cancelled call came before its admission.
end

local now = now_us()
local now_ms = math.floor(now / 1000)
sweep(epoch, now_ms, 4)

-- GCRA in whole numbers. One call costs 60,000,000 units (a minute in microseconds); `rate` units leak in each
-- microsecond; a bucket holds `rate` calls. Exact up to 150 million calls per minute.
local CALL = 60000000
local rates, budgets = tonumber(ARGV[5]), tonumber(ARGV[6])
local first_budget = 7 + 2 * rates
local buckets, slowest, wait = {}, nil, 0
for index = 1, rates do
  local at = 5 + 2 * index
  local key, rate = shard .. ':rate:' .. ARGV[at], tonumber(ARGV[at + 1])
  local used, since = string.match(redis.call('GET', key) or '', '^(%d+) (%d+)$')
  local passed = math.min(math.max(now - tonumber(since or now), 0), CALL)
  local level = math.max((tonumber(used) or 0) - passed * rate, 0) + CALL
  if level > rate * CALL then
    local needed = math.ceil((level - rate * CALL) / math.max(rate, 1))
    if needed > wait then
      slowest, wait = index, needed
    end
  end
  buckets[#buckets + 1] = {key, level, rate}
end
if slowest then
  return {'RATE', slowest, wait}
end

local seeds = {'SEED'}
local refusal = nil
for index = 1, budgets do
  local at = first_budget + 3 * (index - 1)
  local level = redis.call('HMGET', budget_key(ARGV[at]), 'e', 'spent', 'held')
  if level[1] ~= epoch then
    seeds[#seeds + 1] = index
  elseif not refusal and ARGV[at + 2] == '1'
    and tonumber(level[2]) + tonumber(level[3]) + tonumber(amount) > tonumber(ARGV[at + 1]) then
    refusal = {'BUDGET', index, level[2], level[3]}
  end
end
if #seeds > 1 then
  return seeds
end
if refusal then
  return refusal
end

for _, bucket in ipairs(buckets) do
  local empty_in_ms = math.ceil(bucket[2] / bucket[3] / 1000)
  redis.call('SET', bucket[1], string.format('%.0f %.0f', bucket[2], now), 'PX', empty_in_ms)
end
if budgets > 0 then
  local names = {amount}
  for at = first_budget, #ARGV, 3 do
    names[#names + 1] = ARGV[at]
  end
  keep(epoch, hold, table.concat(names, '\n'), now_ms + tonumber(ARGV[4]))
end
return {'OK'}
