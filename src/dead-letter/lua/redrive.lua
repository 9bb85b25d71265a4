--[[
redrive: put a dead-lettered job back into its queue, under the id it had. Its attempts and its age start anew; its history
stays, and its trail tells how it died, when it came back and who brought it.

KEYS  1 dead             hash    the job in the dead-letter queue
      2 deadFailed       zset    dead-lettered jobs, score = ms
      3 job              hash    the job in its queue
      4 wait             list
      5 prioritized      zset
      6 priorityCounter  counter
      7 marker           zset    wakes sleeping workers
      8 events           stream
      9 meta             hash
     10 turns            zset    of the tenants
ARGV  1 deadId           id in the dead-letter queue
      2 id               id in its queue
      3 diedAt           score of the death that is meant, or empty for whichever lies there: the same id may have died again
      4 data             JSON to put in place of the payload, or empty
      5 by               who does it, for the trail
      6 ledgerBase       what the keys of the effect ledger begin with
REPLY at                 ms, when it was done | -1 not dead-lettered, or not by that death | -2 a job with this id is in the queue
WRITES everything named above, and the record of its key   COST O(log dead)
]]
--- @include "../../transport/lua/expect-types.lua"
--- @include "../../transport/lua/now-ms.lua"
--- @include "../../transport/lua/append-trail.lua"
--- @include "../../transport/lua/enter-wait.lua"
--- @include "../../transport/lua/move-job.lua"
--- @include "../../idempotency/lua/reopen-key.lua"
--- @include "is-meant.lua"
--- @include "remember-death.lua"
local dead, deadFailed = KEYS[1], KEYS[2]
local keys = {
  job = KEYS[3], wait = KEYS[4], prioritized = KEYS[5], priorityCounter = KEYS[6],
  marker = KEYS[7], events = KEYS[8], meta = KEYS[9], turns = KEYS[10],
}
local deadId, id, diedAt, data, by, ledgerBase = unpack(ARGV)

expectTypes({
  [deadFailed] = 'zset', [keys.wait] = 'list', [keys.prioritized] = 'zset', [keys.marker] = 'zset', [keys.events] = 'stream',
  [keys.meta] = 'hash',
})
if not isMeant(deadFailed, deadId, diedAt) or redis.call('TYPE', dead).ok ~= 'hash' then return -1 end
if redis.call('EXISTS', keys.job) == 1 then return -2 end
-- What cannot be counted up breaks the script off here, and not when the job has left its place.
if redis.call('EXISTS', keys.priorityCounter) == 1 then redis.call('INCRBY', keys.priorityCounter, 0) end
local now = nowMs()
redis.call('ZREM', deadFailed, deadId)
moveJob(dead, keys.job)
reopenKey(ledgerBase, keys.job, id)
letAsk(keys.job)
rememberDeath(keys.job, now)
redis.call('HDEL', keys.job, 'bwd', 'bwc', 'bwk', 'bwp', 'defa', 'failedReason', 'stacktrace', 'finishedOn', 'processedOn', 'atm')
redis.call('HSET', keys.job, 'timestamp', now)
if data ~= '' then
  redis.call('HSET', keys.job, 'data', data)
  -- Its key is computed anew from the payload where it is not the job's id.
  if string.find(redis.call('HGET', keys.job, 'bwi') or '', '\n.') then redis.call('HDEL', keys.job, 'bwi') end
end
appendTrail(keys.job, cjson.encode({ at = now, what = 'redriven', by = by }))
enterWait(keys, id, 'failed', false)
return now
