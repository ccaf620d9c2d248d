-- A system asked to be left alone. ARGV: key, us, channel. Tells every process, on the channel, `<key> <us>`.
local name, till = shard .. ':hold:' .. ARGV[1], now_us() + tonumber(ARGV[2])
if till > tonumber(redis.call('GET', name) or '0') then
  redis.call('SET', name, string.format('%.0f', till), 'PX', math.ceil(ARGV[2] / 1000) + SLACK_MS)
end
return redis.call('PUBLISH', ARGV[3], ARGV[1] .. ' ' .. ARGV[2])
