-- Put before the scripts that count calls and tokens, after common.lua.
--
-- GCRA in whole numbers. One call, or one token, costs 60,000,000 units (a minute in microseconds); `rate` units leak in
-- each microsecond; a bucket holds `rate` of them. Exact up to 150 million a minute. Kept as `<calls> <tokens> <since>`.
local CALL = 60000000

local function bucket_of(name, now)
  local key = shard .. ':bucket:' .. name
  local calls, tokens, since = string.match(redis.call('GET', key) or '', '^(%d+) (%d+) (%d+)$')
  local passed = math.max(now - tonumber(since or now), 0)
  return {key = key, calls = tonumber(calls or 0), tokens = tonumber(tokens or 0), passed = passed}
end

local function leaked(level, bucket, rate)
  return rate < 0 and 0 or math.max(level - bucket.passed * rate, 0)
end

local function write_bucket(bucket, per_minute, tokens_per_minute, now)
  local empty_us = math.max(bucket.calls / math.max(per_minute, 1), bucket.tokens / math.max(tokens_per_minute, 1))
  local kept = string.format('%.0f %.0f %.0f', bucket.calls, bucket.tokens, now)
  redis.call('SET', bucket.key, kept, 'PX', math.ceil(empty_us / 1000) + SLACK_MS)
end

-- Microseconds until `units` may be taken. What is more than the whole bucket may be taken while nothing is.
local function wait_for(level, units, rate)
  if rate == 0 then
    return CALL
  end
  return math.max(math.ceil((level - math.max(rate - units, 0) * CALL) / rate), 0)
end

-- Nobody knows when a call ends: those refused for calls in flight are told to wait for a second.
local FLIGHT_WAIT = 1000000

-- Looks whether a hold may take of `count` rates from ARGV[first] on, (name, calls, tokens, in flight), -1 without limit.
-- Answers a refusal, {RATE, index, what, wait in us}, or nil and what take() needs.
local function look(first, count, hold, tokens, now)
  local refusal, found = nil, {}
  local function limited(index, what, wait)
    if wait > 0 and (not refusal or wait > refusal[4]) then
      refusal = {'RATE', index, what, wait}
    end
  end
  for index = 1, count do
    local at = first + 4 * (index - 1)
    local name, rate, volume, most = ARGV[at], tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3])
    if rate >= 0 or (volume >= 0 and tokens > 0) then
      local bucket = bucket_of(name, now)
      bucket.calls, bucket.tokens = leaked(bucket.calls, bucket, rate), leaked(bucket.tokens, bucket, volume)
      if rate >= 0 then
        limited(index, 'requests', wait_for(bucket.calls, 1, rate))
        bucket.calls = bucket.calls + CALL
      end
      if volume >= 0 and tokens > 0 then
        limited(index, 'tokens', wait_for(bucket.tokens, tokens, volume))
        bucket.tokens = bucket.tokens + tokens * CALL
      end
      found[#found + 1] = {bucket, rate, volume}
    end
    if most >= 0 then
      local key = flight_key(name)
      redis.call('ZREMRANGEBYSCORE', key, '-inf', string.format('%.0f', math.floor(now / 1000)))
      if redis.call('ZCARD', key) >= most and not redis.call('ZSCORE', key, hold) then
        limited(index, 'concurrency', FLIGHT_WAIT)
      end
    end
  end
  return refusal, found
end

local function take(found, now)
  for _, one in ipairs(found) do
    write_bucket(one[1], one[2], one[3], now)
  end
end
