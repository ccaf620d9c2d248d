-- Run by EVAL, before any other script is loaded into a server: makes a new epoch when there is none, or when the one
-- found was made by another run of the server, whose last writes may be lost.
-- ARGV: grace in microseconds. Answers the epoch: `<run id>-<server time, in microseconds, from which it may be seeded>`.
local info = redis.call('INFO', 'server')
local run = string.match(info, 'run_id:(%x+)') or ''
local epoch = redis.call('GET', KEYS[1] .. ':epoch')
if epoch and string.sub(epoch, 1, #run) == run then
  return epoch
end
local time = redis.call('TIME')
epoch = run .. '-' .. string.format('%.0f', time[1] * 1000000 + time[2] + tonumber(ARGV[1]))
redis.call('SET', KEYS[1] .. ':epoch', epoch)
return epoch
