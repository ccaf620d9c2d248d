-- Put before every other script. KEYS[1] is the shard, for example `tl:{s07}`: all keys of a call start with it and so
-- lie in one slot. Names of holds are `<tenant>/<hold id>`, of budgets `<tenant>/<budget id>/<window>`.
--
-- Amounts are added by HINCRBY on the strings themselves: exact to 64 bits. Lua compares them as doubles: exact up to
-- 2^53 nano-USD (9.0 million USD), and off by a few nano-USD above.
local shard = KEYS[1]
local EPOCH, HOLDS, LEASES = shard .. ':epoch', shard .. ':holds', shard .. ':leases'
local USAGE, PAUSE, GROUP = shard .. ':usage', shard .. ':pause', 'ledger'
-- Where the fields of a usage entry stand, see settle.lua.
local SPENT, NAMES, WRITTEN_IN = 6, 8, 14

local function budget_key(name)
  return shard .. ':budget:' .. name
end

local function done_key(hold)
  return shard .. ':done:' .. hold
end

local function now_us()
  local time = redis.call('TIME')
  return time[1] * 1000000 + time[2]
end

local function lost(epoch)
  return redis.call('GET', EPOCH) ~= epoch
end

-- A counter written in an earlier epoch counts as missing.
local function add_held(epoch, sign, value)
  local amount, names = string.match(value, '^(%d+)(.*)$')
  if amount == '0' then
    return -- HINCRBY refuses -0.
  end
  for name in string.gmatch(names, '[^\n]+') do
    local key = budget_key(name)
    if redis.call('HGET', key, 'e') == epoch then
      redis.call('HINCRBY', key, 'held', sign .. amount)
    end
  end
end

-- A hold is kept as `<amount>\n<budget name>\n<budget name>…`.
local function keep(epoch, hold, value, expires_ms)
  redis.call('HSET', HOLDS, hold, value)
  redis.call('ZADD', LEASES, expires_ms, hold)
  add_held(epoch, '', value)
end

local function release(epoch, hold)
  local value = redis.call('HGET', HOLDS, hold)
  redis.call('ZREM', LEASES, hold)
  if not value then
    return
  end
  redis.call('HDEL', HOLDS, hold)
  add_held(epoch, '-', value)
end

local function sweep(epoch, now_ms, limit)
  local expired = redis.call('ZRANGE', LEASES, '-inf', string.format('%.0f', now_ms), 'BYSCORE', 'LIMIT', 0, limit)
  for _, hold in ipairs(expired) do
    release(epoch, hold)
  end
  return #expired
end

local function append_levels(answer, epoch, first, step)
  for at = first, #ARGV, step do
    local level = redis.call('HMGET', budget_key(ARGV[at]), 'e', 'spent', 'held')
    local known = level[1] == epoch
    answer[#answer + 1] = known and level[2] or ''
    answer[#answer + 1] = known and level[3] or ''
  end
  return answer
end

local function mentions(entry, name)
  return string.find(entry[2][NAMES], '\n' .. name .. '\n', 1, true) ~= nil
end
