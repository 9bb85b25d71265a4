--[[
return-parked: bring jobs back that were set aside for one reason, before they are due: of the thousand that would come back first,
the oldest, or those first. They go to their places by class and age, and where tenants
have turns each takes its tenant's next.

KEYS  1 parked           zset    index of those set aside, score = due ms
      2 delayed          zset
      3 wait             list
      4 prioritized      zset
      5 priorityCounter  counter, BullMQ's pc
      6 marker           zset    wakes sleeping workers
      7 events           stream
      8 meta             hash
      9 fence            string, the highest epoch that may write
     10 turns            zset    of the tenants
ARGV  1 base             what the keys of the jobs begin with
      2 reason           for which they were set aside
      3 most             how many may come back, up to a thousand
      4 epoch            of the leader that does this
      5 first            "oldest": by age; "due": those that would come back first
REPLY how many came back | -7 leader deposed
WRITES everything named above but meta, and the jobs   COST O(1000 + most x log delayed)
]]
--- @include "expect-types.lua"
--- @include "enter-by-age.lua"
--- @include "note-return.lua"
--- @include "check-fence.lua"
--- @include "jobs-aside.lua"
--- @include "now-ms.lua"
local parked, delayed = KEYS[1], KEYS[2]
local keys = {
  wait = KEYS[3], prioritized = KEYS[4], priorityCounter = KEYS[5], marker = KEYS[6], events = KEYS[7], meta = KEYS[8],
  turns = KEYS[10],
}
local base, reason, most, epoch, first = unpack(ARGV)

expectTypes({
  [delayed] = 'zset', [keys.wait] = 'list', [keys.prioritized] = 'zset', [keys.marker] = 'zset',
  [keys.events] = 'stream', [keys.meta] = 'hash',
})
if isStale(KEYS[9], epoch) then return -7 end
local now = nowMs()
local returned, plain, turns = 0, {}, nil
for _, job in ipairs(jobsAside(parked, base, first)) do
  if returned >= tonumber(most) then break end
  redis.call('ZREM', parked, job.id)
  if isAside(delayed, base, job) then
    returned = returned + 1
    redis.call('ZREM', delayed, job.id)
    keys.job = base .. job.id
    redis.call('HDEL', keys.job, 'bwp')
    noteReturn(keys.job, now, reason)
    local known = redis.call('HMGET', keys.job, 'priority', 'bwo')
    local isPrioritized = (tonumber(known[1]) or 0) > 0
    if isPrioritized and not known[2] then
      enterWait(keys, job.id, 'delayed', true)
    else
      if isPrioritized then
        turns = turns or openTurns(keys)
        takeTurn(turns, job.id, known[2], 'back')
      else
        plain[#plain + 1] = job.id
      end
      redis.call('HSET', keys.job, 'delay', 0, 'bww', now)
      emitEvent(keys.events, keys.meta, 'event', 'waiting', 'jobId', job.id, 'prev', 'delayed')
    end
  end
end
if turns then closeTurns(turns) end
if #plain > 0 then pushByAge(keys, base, plain) end
if turns or #plain > 0 then wakeWorker(keys.marker, keys.meta) end
return returned
