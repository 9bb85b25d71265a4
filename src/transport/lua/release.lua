--[[
release: give a job back to its queue whose run came to nothing, without using up an attempt. It goes to its place by class and age.

KEYS  1 job              hash
      2 active           list
      3 stalled          set
      4 wait             list
      5 prioritized      zset
      6 priorityCounter  counter, BullMQ's pc
      7 marker           zset   wakes sleeping workers
      8 events           stream
      9 meta             hash
     10 fence            string, the highest epoch that may write
ARGV  1 id               id of the job
      2 token            the lease's token; empty when the lock must be absent
      3 base             what the job's key begins with
      4 crash            JSON JobCrash when its worker was lost: kept in the job, and told as BullMQ's `stalled` event. An id
                         whose job is gone is then taken out of `active`: nothing else would. Or empty
      5 keep             how many crashes the history keeps
      6 failure          what the job is to fail with when it is taken next, BullMQ's `defa`; or empty
      7 epoch            of the leader that does this; empty for a worker
      8 reason           why its worker gives it back before it has begun, for the trail; or empty
      9 worker           that does
REPLY code               0 done | -1 job gone | -2 lease expired | -3 not active | -6 lease held by another | -7 leader deposed
WRITES job, active, stalled, wait or prioritized, marker, events, the job's lock, fence   COST O(active)
]]
--- @include "expect-types.lua"
--- @include "leave-active.lua"
--- @include "enter-by-age.lua"
--- @include "append-crash.lua"
--- @include "append-trail.lua"
--- @include "check-fence.lua"
local keys = {
  job = KEYS[1], wait = KEYS[4], prioritized = KEYS[5], priorityCounter = KEYS[6],
  marker = KEYS[7], events = KEYS[8], meta = KEYS[9],
}
local id, token, base, crash, keep, failure, epoch, reason, worker = unpack(ARGV)

expectTypes({
  [KEYS[2]] = 'list', [KEYS[3]] = 'set', [keys.wait] = 'list', [keys.prioritized] = 'zset', [keys.marker] = 'zset',
  [keys.events] = 'stream', [keys.meta] = 'hash',
})
if isStale(KEYS[10], epoch) then return -7 end
local code = leaveActive(keys.job, KEYS[2], KEYS[3], id, token)
if code == -1 and crash ~= '' then redis.call('LREM', KEYS[2], -1, id) end
if code < 0 then return code end
if crash ~= '' then
  appendCrash(keys.job, crash, tonumber(keep))
  -- A count of starts that is no number ends every fetch half-way.
  if not string.match(redis.call('HGET', keys.job, 'ats') or '0', '^%d+$') then redis.call('HDEL', keys.job, 'ats') end
  emitEvent(keys.events, keys.meta, 'event', 'stalled', 'jobId', id)
end
if reason ~= '' then appendTrail(keys.job, cjson.encode({ at = nowMs(), what = 'given_back', reason = reason, by = worker })) end
if failure ~= '' then redis.call('HSET', keys.job, 'defa', failure) end
enterByAge(keys, base, id, 'active')
return 0
