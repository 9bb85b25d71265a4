--[[
raise-fence: a leader that was elected shuts out all before it, from one queue, before it writes there itself.

KEYS  1 fence    string   the highest epoch that may write. Without a time to live: a fence that is forgotten is open. There is one per queue
ARGV  1 epoch    of the leader
REPLY the epoch at which the fence stands now: above the leader's own, it is not the latest itself
WRITES fence   COST O(1)
]]
--- @include "check-fence.lua"
local stale = isStale(KEYS[1], ARGV[1])
return stale and highestEpoch(KEYS[1]) or tonumber(ARGV[1])
