--[[
park: set a job aside without using up an attempt. It comes back on its own when its delay is over; the index by reason
lets the supervisor bring it back sooner.

KEYS  1 job        hash
      2 active     list
      3 stalled    set
      4 delayed    zset   score = due ms * 4096 + running number
      5 marker     zset   wakes sleeping workers
      6 events     stream
      7 meta       hash
      8 parked     zset   score = due ms; entries that are due have left
ARGV  1 id         id of the job
      2 token      the lease's token
      3 delay      ms until it comes back on its own
      4 reason     why, kept in the job's field `bwp`
REPLY code         0 done | -1 job gone | -2 lease expired | -3 not active | -6 lease held by another
WRITES job, active, stalled, delayed, marker, events, parked, the job's lock   COST O(active)
]]
--- @include "leave-active.lua"
--- @include "now-ms.lua"
--- @include "enter-delayed.lua"
--- @include "wake-worker.lua"
local job, active, stalled, delayed, marker, events, meta, parked = unpack(KEYS)
local id, token, delay, reason = unpack(ARGV)

local code = leaveActive(job, active, stalled, id, token)
if code < 0 then return code end
local now = nowMs()
redis.call('HSET', job, 'bwp', reason)
local due = enterDelayed(delayed, marker, events, meta, job, id, now, tonumber(delay))
redis.call('ZREMRANGEBYSCORE', parked, '-inf', now)
redis.call('ZADD', parked, due, id)
redis.call('PEXPIREAT', parked, math.max(due, redis.call('ZRANGE', parked, -1, -1, 'WITHSCORES')[2]) + 60000)
wakeWorker(marker, meta)
return 0
