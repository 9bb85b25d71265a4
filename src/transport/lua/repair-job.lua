--[[
repair-job: put right a job that is in no place, or in several, if it still is.

KEYS  1 wait             list
      2 active           list
      3 prioritized      zset
      4 delayed          zset
      5 waitingChildren  zset
      6 completed        zset
      7 failed           zset
      8 paused           list
      9 job              hash
     10 priorityCounter  counter, BullMQ's pc
     11 marker           zset    wakes sleeping workers
     12 events           stream
     13 meta             hash
     14 fence            string, the highest epoch that may write
ARGV  1 id               id of the job
      2 base             what the job's key begins with
      3 keep             the place that stays: active, wait, prioritized or delayed; empty when the job was in no place
      4 isDead           1 in a dead-letter queue, where a job that was in no place goes back among the failed
      5 epoch            of the leader that does this
REPLY 1 repaired | 0 it is as it should be, or otherwise wrong than was thought | -7 leader deposed
WRITES everything named above but waitingChildren, completed and paused   COST O(wait + active + log n)
]]
--- @include "enter-by-age.lua"
--- @include "check-fence.lua"
--- @include "now-ms.lua"
local keys = {
  job = KEYS[9], wait = KEYS[1], prioritized = KEYS[3], priorityCounter = KEYS[10], marker = KEYS[11], events = KEYS[12], meta = KEYS[13],
}
local lists, sets = { wait = KEYS[1], active = KEYS[2] }, { prioritized = KEYS[3], delayed = KEYS[4] }
local id, base, keep, isDead, epoch = unpack(ARGV)

if isStale(KEYS[14], epoch) then return -7 end
if redis.call('TYPE', keys.job).ok ~= 'hash' then return 0 end
if redis.call('LPOS', KEYS[8], id) then return 0 end
for index = 5, 7 do
  if redis.call('ZSCORE', KEYS[index], id) then return 0 end
end
local number, isKept = 0, false
for name, list in pairs(lists) do
  local times = #redis.call('LPOS', list, id, 'COUNT', 0)
  number, isKept = number + times, isKept or (name == keep and times > 0)
end
for name, set in pairs(sets) do
  local score = redis.call('ZSCORE', set, id)
  number, isKept = number + (score and 1 or 0), isKept or (name == keep and score and true)
end

if keep == '' then
  if number > 0 or redis.call('EXISTS', keys.job .. ':lock') == 1 then return 0 end
  if isDead == '1' then redis.call('ZADD', KEYS[7], nowMs(), id) else enterByAge(keys, base, id, 'unknown') end
  return 1
end
if number < 2 or not isKept then return 0 end
for name, list in pairs(lists) do
  local times = #redis.call('LPOS', list, id, 'COUNT', 0)
  if name == keep then times = times - 1 end
  -- From the tail: what stays is what came last in `active`, and what waits longest in `wait`.
  if times > 0 then redis.call('LREM', list, name == 'active' and -times or times, id) end
end
for name, set in pairs(sets) do
  if name ~= keep then redis.call('ZREM', set, id) end
end
return 1
