--[[
step-save: remember in its job that a step has succeeded, for as long as the run holds the job's lease.

KEYS  1 job      hash
      2 lock     string   the job's lease
ARGV  1 token    the lease's token
      2 name     of the step
      3 entry    JSON StepEntry
      4 result   JSON, or empty for undefined
REPLY code       0 remembered | 1 was remembered before, nothing is written | -1 job gone | -2 nobody holds the lease | -6 lease held by
                 another | -8 the list of steps is none, nothing is written
WRITES job, its fields bws and bws:<name>   COST O(bytes of bws)
]]
local job, lock = unpack(KEYS)
local token, name, entry, result = unpack(ARGV)

local holder = redis.call('GET', lock)
if not holder then return -2 end
if holder ~= token then return -6 end
if redis.call('EXISTS', job) == 0 then return -1 end
if redis.call('HEXISTS', job, 'bws:' .. name) == 1 then return 1 end

-- As text, so that nothing of the steps before is written otherwise than it came.
local steps = redis.call('HGET', job, 'bws') or '[]'
if not string.match(steps, '^%[.*%]$') then return -8 end
local before = steps == '[]' and '[' or string.sub(steps, 1, -2) .. ','
redis.call('HSET', job, 'bws', before .. entry .. ']', 'bws:' .. name, result)
return 0
