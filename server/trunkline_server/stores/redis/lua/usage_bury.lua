-- Puts an entry that can never be written aside, for a person to look at. ARGV: id, why.
local found = redis.call('XRANGE', USAGE, ARGV[1], ARGV[1])
if #found == 1 then
  local fields = found[1][2]
  fields[#fields + 1] = 'why'
  fields[#fields + 1] = ARGV[2]
  redis.call('XADD', shard .. ':dead', '*', unpack(fields))
end
redis.call('XACK', USAGE, GROUP, ARGV[1])
return redis.call('XDEL', USAGE, ARGV[1])
