--[[
redrive: put a dead-lettered job back into its queue, under the id it had. Its attempts and its age start anew; its history
stays, and its trail tells how it died and when it came back.

KEYS  1 dead             hash    the job in the dead-letter queue
      2 deadFailed       zset    dead-lettered jobs
      3 job              hash    the job in its queue
      4 wait             list
      5 prioritized      zset
      6 priorityCounter  counter
      7 marker           zset    wakes sleeping workers
      8 events           stream
      9 meta             hash
ARGV  1 deadId           id in the dead-letter queue
      2 id               id in its queue
REPLY code               0 done | -1 not dead-lettered | -2 a job with this id is in the queue
WRITES everything named above   COST O(log dead)
]]
--- @include "../../transport/lua/now-ms.lua"
--- @include "../../transport/lua/enter-wait.lua"
--- @include "../../transport/lua/move-job.lua"
--- @include "../../transport/lua/append-trail.lua"
--- @include "remember-death.lua"
local dead, deadFailed = KEYS[1], KEYS[2]
local keys = {
  job = KEYS[3], wait = KEYS[4], prioritized = KEYS[5], priorityCounter = KEYS[6],
  marker = KEYS[7], events = KEYS[8], meta = KEYS[9],
}
local deadId, id = unpack(ARGV)

if not redis.call('ZSCORE', deadFailed, deadId) or redis.call('EXISTS', dead) == 0 then return -1 end
if redis.call('EXISTS', keys.job) == 1 then return -2 end
redis.call('ZREM', deadFailed, deadId)
moveJob(dead, keys.job)
local now = nowMs()
rememberDeath(keys.job, now)
appendTrail(keys.job, cjson.encode({ at = now, what = 'redriven' }))
redis.call('HDEL', keys.job, 'bwd', 'bwc', 'bwk', 'bwp', 'defa', 'failedReason', 'stacktrace', 'finishedOn', 'processedOn', 'atm')
redis.call('HSET', keys.job, 'timestamp', now)
enterWait(keys, id, 'failed', false)
return 0
