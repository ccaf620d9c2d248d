-- Put before every other script. KEYS[1] is the shard, for example `tl:{s07}`: all keys of a call start with it and so
-- lie in one slot. Names of holds are `<tenant>/<hold id>`, of budgets `<tenant>/<budget id>/<window>`.
--
-- Amounts are added by HINCRBY on the strings themselves: exact to 64 bits. Lua compares and tells them as doubles: exact
-- up to 2^53 nano-USD (9.0 million USD), and off by a few nano-USD above.
local shard = KEYS[1]
local EPOCH, HOLDS, LEASES = shard .. ':epoch', shard .. ':holds', shard .. ':leases'
local CLOCK = shard .. ':clock'
local USAGE, PAUSE, GROUP = shard .. ':usage', shard .. ':pause', 'ledger'
-- Where the fields of a usage entry stand, see settle.lua.
local SPENT, NAMES, WRITTEN_IN = 6, 8, 14

local function budget_key(name)
  return shard .. ':budget:' .. name
end

local function done_key(hold)
  return shard .. ':done:' .. hold
end

-- Microseconds that go on evenly: the server's clock without its steps. Kept as `<steady> <server time>`. While a process
-- lives somebody asks twice a second (watch.lua): a clock that went back, or on by more than ten seconds, was set, and
-- that time did not pass. A server that nobody asked for longer stood still for that while.
local STEP, KEPT_FOR = 10000000, 50000
local function now_us()
  local time = redis.call('TIME')
  local server = time[1] * 1000000 + time[2]
  local steady, seen = string.match(redis.call('GET', CLOCK) or '', '^(%d+) (%d+)$')
  local passed = server - tonumber(seen or server)
  if steady and passed >= 0 and passed < KEPT_FOR then
    return steady + passed
  end
  local now = tonumber(steady or server) + ((passed > 0 and passed <= STEP) and passed or 0)
  redis.call('SET', CLOCK, string.format('%.0f %.0f', now, server))
  return now
end

-- Keys end by the server's clock, which may be set forward by an hour: they are kept for so much longer, in ms.
local SLACK_MS = 3660000

local function flight_key(name)
  return shard .. ':flight:' .. name
end

local function lost(epoch)
  return redis.call('GET', EPOCH) ~= epoch
end

-- A hold is kept as `<amount>\n<budget name>…`, and where it took tokens or a place in flight, `\n\f<tokens>` and a line
-- `T<name>` or `F<name>` for each rate.
--
-- A counter written in an earlier epoch counts as missing.
local function add_held(epoch, sign, value)
  local amount, names = string.match(value, '^(%d+)([^\f]*)')
  -- HINCRBY refuses -0.
  if amount == '0' then
    return
  end
  for name in string.gmatch(names, '[^\n]+') do
    local key = budget_key(name)
    if redis.call('HGET', key, 'e') == epoch then
      redis.call('HINCRBY', key, 'held', sign .. amount)
    end
  end
end

-- Calls in flight of a subject are a set of holds by the end of their lease: whatever is lost or sent twice, none counts
-- twice, and none for longer than its lease.
local function extend(hold, value, expires_ms)
  redis.call('ZADD', LEASES, expires_ms, hold)
  for name in string.gmatch(value, '\nF([^\n]+)') do
    local key = flight_key(name)
    redis.call('ZADD', key, expires_ms, hold)
    redis.call('PEXPIRE', key, SLACK_MS)
  end
end

local function note(hold, value, expires_ms)
  redis.call('HSET', HOLDS, hold, value)
  extend(hold, value, expires_ms)
end

local function keep(epoch, hold, value, expires_ms)
  note(hold, value, expires_ms)
  add_held(epoch, '', value)
end

-- Answers the hold that was released, false when there was none.
local function release(epoch, hold)
  local value = redis.call('HGET', HOLDS, hold)
  redis.call('ZREM', LEASES, hold)
  if not value then
    return false
  end
  redis.call('HDEL', HOLDS, hold)
  for name in string.gmatch(value, '\nF([^\n]+)') do
    redis.call('ZREM', flight_key(name), hold)
  end
  add_held(epoch, '-', value)
  return value
end

-- What was spent of a hold is held no more.
local function spend(epoch, hold, spent)
  local value = redis.call('HGET', HOLDS, hold)
  if not value then
    return
  end
  local amount, names = string.match(value, '^(%d+)(.*)$')
  local off = math.min(tonumber(amount), tonumber(spent))
  redis.call('HSET', HOLDS, hold, string.format('%.0f', amount - off) .. names)
  add_held(epoch, '-', string.format('%.0f', off) .. names)
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
