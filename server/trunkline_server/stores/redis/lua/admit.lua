-- ARGV: epoch, hold, amount, tokens, lease in ms, how many rates, how many budgets, what the hold is kept as (empty: it is
-- not), (name, calls, tokens, in flight)…, (name, limit, hard)…
-- Answers OK, (spent, held)… before the hold · EPOCH · SETTLED · RATE, index, what, wait in us · SEED, index… · BUDGET, index, spent, held.
local epoch, hold, amount, value = ARGV[1], ARGV[2], ARGV[3], ARGV[8]
if lost(epoch) then
  return {'EPOCH'}
end
local FIRST = 9
local rates, budgets = tonumber(ARGV[6]), tonumber(ARGV[7])
local first_budget = FIRST + 4 * rates
if redis.call('HEXISTS', HOLDS, hold) == 1 then
  return append_levels({'OK'}, epoch, first_budget, 3) -- Sent again after a lost connection.
end
if redis.call('EXISTS', done_key(hold)) == 1 then
  return {'SETTLED'} -- The void of a cancelled call came before its admission.
end

local now = now_us()
local now_ms = math.floor(now / 1000)
sweep(epoch, now_ms, 4)

local limited, found = look(FIRST, rates, hold, tonumber(ARGV[4]), now)
if limited then
  return limited
end

local seeds, levels = {'SEED'}, {'OK'}
local refusal = nil
for index = 1, budgets do
  local at = first_budget + 3 * (index - 1)
  local level = redis.call('HMGET', budget_key(ARGV[at]), 'e', 'spent', 'held')
  levels[2 * index], levels[2 * index + 1] = level[2], level[3]
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

take(found, now)
if value ~= '' then
  note(hold, value, now_ms + tonumber(ARGV[5]))
  for at = first_budget, #ARGV, 3 do
    redis.call('HINCRBY', budget_key(ARGV[at]), 'held', amount)
  end
end
return levels
