--[[
trim-history: remove the oldest completed jobs, more of them than their queue keeps anyway.

KEYS  1 completed  zset    score = when the job ended, ms
      2 fence      string, the highest epoch that may write
ARGV  1 base       what the keys of the jobs begin with
      2 keep       how many stay in any case
      3 most       how many may go
      4 olderThan  ms: what has ended since stays, too
      5 epoch      of the leader that does this
REPLY how many are gone | -7 leader deposed
WRITES completed, fence, the jobs   COST O(most x log completed)
]]
--- @include "expect-types.lua"
--- @include "trim-finished.lua"
--- @include "check-fence.lua"
--- @include "now-ms.lua"
local completed = KEYS[1]
local base, keep, most, olderThan, epoch = unpack(ARGV)

expectTypes({ [completed] = 'zset' })
if isStale(KEYS[2], epoch) then return -7 end
local old = redis.call('ZCOUNT', completed, '-inf', string.format('%.0f', nowMs() - olderThan))
local going = math.min(redis.call('ZCARD', completed) - keep, old, tonumber(most))
if going <= 0 then return 0 end
local ids = redis.call('ZRANGE', completed, 0, going - 1)
removeFinished(completed, base, ids, false)
return #ids
