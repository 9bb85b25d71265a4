--[[
import-letter: put a letter that was exported back among the dead ones, as it was. Nothing is overwritten.

KEYS  1 dead         hash    the job in the dead-letter queue
      2 deadFailed   zset    dead-lettered jobs, score = ms
      3 job          hash    the job in its queue
ARGV  1 deadId       id in the dead-letter queue
      2 diedAt       ms
      3 dry          1 to change nothing
      4 fields       how many fields the job has
      5 logs         how many lines its log has
      6 processed    how many fields its hash of children that completed has
      7 failed       how many fields its hash of children that failed has
      8 rest         the fields, each with its value; the lines; the other hashes' fields, each with its value
REPLY 0 done | -1 a dead letter with this id is there | -2 a job with its id is in the queue
WRITES dead, deadFailed   COST O(log dead + fields)
]]
--- @include "../../transport/lua/expect-types.lua"
local dead, deadFailed, job = unpack(KEYS)
local deadId, diedAt, dry, fields, logs, processed, failed = unpack(ARGV, 1, 7)

expectTypes({ [deadFailed] = 'zset' })
if redis.call('ZSCORE', deadFailed, deadId) or redis.call('EXISTS', dead) == 1 then return -1 end
if redis.call('EXISTS', job) == 1 then return -2 end
if dry == '1' then return 0 end

local at = 8
local function putHash(key, number)
  for _ = 1, tonumber(number) do
    redis.call('HSET', key, ARGV[at], ARGV[at + 1])
    at = at + 2
  end
end
redis.call('DEL', dead .. ':logs', dead .. ':processed', dead .. ':failed')
putHash(dead, fields)
for _ = 1, tonumber(logs) do
  redis.call('RPUSH', dead .. ':logs', ARGV[at])
  at = at + 1
end
putHash(dead .. ':processed', processed)
putHash(dead .. ':failed', failed)
redis.call('ZADD', deadFailed, diedAt, deadId)
return 0
