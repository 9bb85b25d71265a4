--[[
retry: end a failed attempt and let the job run again after a pause. The attempt counts.

KEYS  1 job        hash
      2 active     list
      3 stalled    set
      4 delayed    zset   score = due ms * 4096 + running number
      5 marker     zset   wakes sleeping workers
      6 events     stream
      7 meta       hash
ARGV  1 id         id of the job
      2 token      the lease's token
      3 delay      ms until it may run again
      4 attempt    JSON AttemptRecord for the history
      5 keep       how many attempts the history keeps
      6 message    the error's message, BullMQ's failedReason
      7 stack      JSON array with the error's stack, BullMQ's stacktrace
REPLY code         0 done | -1 job gone | -2 lease expired | -3 not active | -6 lease held by another
WRITES job, active, stalled, delayed, marker, events, the job's lock   COST O(active)
]]
--- @include "leave-active.lua"
--- @include "now-ms.lua"
--- @include "enter-delayed.lua"
--- @include "wake-worker.lua"
--- @include "append-attempt.lua"
--- @include "count-up.lua"
local job, active, stalled, delayed, marker, events, meta = unpack(KEYS)
local id, token, delay, attempt, keep, message, stack = unpack(ARGV)

local code = leaveActive(job, active, stalled, id, token)
if code < 0 then return code end
appendAttempt(job, attempt, tonumber(keep))
countUp(job, 'atm')
redis.call('HSET', job, 'failedReason', message, 'stacktrace', stack)
enterDelayed(delayed, marker, events, meta, job, id, nowMs(), tonumber(delay))
wakeWorker(marker, meta)
return 0
