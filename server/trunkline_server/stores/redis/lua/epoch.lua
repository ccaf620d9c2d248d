-- Run by EVAL, before any other script is loaded into a server: makes a new epoch when there is none, or when the one
-- found was made by another run of the server, whose last writes may be lost.
-- ARGV: grace in microseconds. Answers the epoch: `<run id>-<steady time, in microseconds, from which it may be seeded>`.
local info = redis.call('INFO', 'server')
local run = string.match(info, 'run_id:(%x+)') or ''
local epoch = redis.call('GET', EPOCH)
if epoch and string.sub(epoch, 1, #run) == run then
  return epoch
end
epoch = run .. '-' .. string.format('%.0f', now_us() + tonumber(ARGV[1]))
redis.call('SET', EPOCH, epoch)
return epoch
