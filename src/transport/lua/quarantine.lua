--[[
quarantine: set a job aside whose worker was lost, until it can run alone. If nobody runs it alone, it comes back by itself when it is
due, and those that are set aside together come back one after another: what the culprit does then, it does without most of the others.

KEYS  1 job         hash
      2 active      list
      3 stalled     set
      4 delayed     zset
      5 parked      zset    index of those set aside for this reason, score = due ms
      6 events      stream
      7 meta        hash
      8 marker      zset    wakes sleeping workers
      9 wait        list
     10 prioritized zset
     11 priorityCounter  counter, BullMQ's pc
     12 fence       string  the highest epoch that may write
ARGV  1 id          id of the job
      2 token       the lease's token; empty when the lock must be absent
      3 base        what the job's key begins with
      4 parkedBase  what the keys of the indexes of parked jobs begin with
      5 crash       JSON JobCrash
      6 keep        how many crashes the history keeps
      7 delay       ms until it comes back by itself. 0, and nobody else is aside: it goes to its place at once, and those that are set
                    aside in the next moment count it among them
      8 spacing     ms later for each that is set aside already
      9 most        ms, the longest delay
     10 epoch       of the leader that does this
REPLY code          0 done | -1 job gone | -2 lease expired | -3 not active | -6 lease held by another | -7 leader deposed
WRITES everything named above but meta   COST O(active + log delayed)
]]
--- @include "expect-types.lua"
--- @include "leave-active.lua"
--- @include "append-crash.lua"
--- @include "check-fence.lua"
--- @include "emit-event.lua"
--- @include "enter-by-age.lua"
--- @include "park-job.lua"
--- @include "mark-delayed.lua"
--- @include "wake-worker.lua"
--- @include "now-ms.lua"
local job, parked = KEYS[1], KEYS[5]
local keys = {
  job = job, delayed = KEYS[4], events = KEYS[6], meta = KEYS[7], marker = KEYS[8], wait = KEYS[9], prioritized = KEYS[10],
  priorityCounter = KEYS[11],
}
local id, token, base, parkedBase, crash, keep, delay, spacing, most, epoch = unpack(ARGV)

expectTypes({
  [KEYS[2]] = 'list', [KEYS[3]] = 'set', [keys.delayed] = 'zset', [parked] = 'zset', [KEYS[8]] = 'zset', [keys.events] = 'stream',
  [KEYS[7]] = 'hash', [keys.wait] = 'list', [keys.prioritized] = 'zset',
})
if isStale(KEYS[12], epoch) then return -7 end
local code = leaveActive(job, KEYS[2], KEYS[3], id, token)
if code == -1 then redis.call('LREM', KEYS[2], -1, id) end
if code < 0 then return code end
appendCrash(job, crash, tonumber(keep))
emitEvent(keys.events, KEYS[7], 'event', 'stalled', 'jobId', id)
local now = nowMs()
-- Those that are due have left, even if the index does not know it yet.
local others = redis.call('ZCOUNT', parked, '(' .. now, '+inf')
local waits = math.min(tonumber(delay) + others * tonumber(spacing), tonumber(most))
if waits == 0 then
  redis.call('ZADD', parked, now + spacing, id)
  redis.call('PEXPIRE', parked, spacing + 60000)
  enterByAge(keys, base, id, 'active')
  return 0
end
local maxEvents = redis.call('HGET', KEYS[7], 'opts.maxLenEvents') or '10000'
parkJob(keys, maxEvents, parkedBase, job, id, now, waits, 'quarantine')
markDelayed(KEYS[8], keys.delayed)
wakeWorker(KEYS[8], KEYS[7])
return 0
