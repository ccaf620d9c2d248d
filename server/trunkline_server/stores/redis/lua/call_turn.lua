-- Takes a turn under the call rates of one credential, all of them or none. ARGV: key, us that the call can wait
-- (negative: only look), id of the call, (name, calls, time in us)…
-- Answers whether the turn was taken (1 or 0), us until it, us left of the hold, then (calls that could start now, us
-- until one could) for each rate.
--
-- A rate is the sorted set of its starts, those to come among them; domain/call_rates.py says how it is kept.
local FIRST = 4
local key, most, id = ARGV[1], tonumber(ARGV[2]), ARGV[3]
local now = now_us()

local function text(number)
  return string.format('%.0f', number)
end

local rates = {}
for at = FIRST, #ARGV, 3 do
  local log = shard .. ':calls:' .. key .. ':' .. ARGV[at]
  rates[#rates + 1] = {log = log, calls = tonumber(ARGV[at + 1]), per = tonumber(ARGV[at + 2])}
end

local function around(rate, at)
  return redis.call('ZCOUNT', rate.log, '(' .. text(at - rate.per), '(' .. text(at + rate.per))
end

local function free(rate, start)
  if around(rate, start) < rate.calls then
    return start
  end
  return tonumber(redis.call('ZRANGE', rate.log, -rate.calls, -rate.calls, 'WITHSCORES')[2]) + rate.per
end

local first = math.max(now, tonumber(redis.call('GET', shard .. ':hold:' .. key) or now))
local held = first - now
if most < 0 then
  local answer = {0, 0, held}
  for _, rate in ipairs(rates) do
    local wait = free(rate, first) - now
    answer[#answer + 1] = wait > 0 and 0 or rate.calls - around(rate, now)
    answer[#answer + 1] = wait
  end
  return answer
end

local known = rates[1] and redis.call('ZSCORE', rates[1].log, id)
if known then
  return {1, math.max(tonumber(known) - now, 0), held} -- Sent again after a lost connection.
end
local start, moved = first, true
while moved do
  -- Each rate moves the start once at most: behind all but its last `calls` there is always room.
  moved = false
  for _, rate in ipairs(rates) do
    local at = free(rate, start)
    if at > start then
      start, moved = at, true
    end
  end
end
local wait = start - now
if wait > 0 and wait >= most then
  return {0, wait, held}
end
for _, rate in ipairs(rates) do
  redis.call('ZREMRANGEBYSCORE', rate.log, '-inf', text(now - rate.per))
  redis.call('ZADD', rate.log, text(start), id)
  redis.call('PEXPIRE', rate.log, math.ceil((wait + rate.per) / 1000) + SLACK_MS)
end
return {1, wait, held}
