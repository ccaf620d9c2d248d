-- Takes, enlarges or reduces an allotment: a hold for calls to come, see allotments.py.
-- ARGV: epoch, hold, how much more, lease in ms, how many times what is held must be left of a hard budget,
-- (name, limit, hard)…
-- Answers EPOCH · SEED · SCARCE · OK, the amount before (empty: there was none), (spent, held)… afterwards.
local epoch, hold, more = ARGV[1], ARGV[2], tonumber(ARGV[3])
if lost(epoch) then
  return {'EPOCH'}
end
if redis.call('EXISTS', done_key(hold)) == 1 then
  return {'SCARCE'} -- Given back meanwhile.
end
local before = string.match(redis.call('HGET', HOLDS, hold) or '', '^%d+') or ''
local kept = tonumber(before) or 0
more = math.max(more, -kept)
local amount, change = string.format('%.0f', kept + more), string.format('%.0f', more)

local names, spent = {}, {}
for at = 6, #ARGV, 3 do
  local level = redis.call('HMGET', budget_key(ARGV[at]), 'e', 'spent', 'held')
  if level[1] ~= epoch then
    return {'SEED'}
  end
  if more > 0 and ARGV[at + 2] == '1'
    and tonumber(level[2]) + (tonumber(level[3]) + more) * ARGV[5] > tonumber(ARGV[at + 1]) then
    return {'SCARCE'}
  end
  names[#names + 1], spent[#spent + 1] = ARGV[at], level[2]
end

note(hold, table.concat({amount, unpack(names)}, '\n'), math.floor(now_us() / 1000) + tonumber(ARGV[4]))
local answer = {'OK', before}
for index, name in ipairs(names) do
  answer[#answer + 1] = spent[index]
  answer[#answer + 1] = redis.call('HINCRBY', budget_key(name), 'held', change)
end
return answer
