--[[
parked-births: when the oldest of the jobs were made that were set aside for one reason, of the thousand that would come back first.

KEYS  1 parked   zset   index of those set aside, score = due ms
      2 delayed  zset
ARGV  1 base     what the keys of the jobs begin with
      2 most     of how many, up to a thousand
REPLY array of ms since epoch, the oldest first
WRITES nothing   COST O(1000 + most x log delayed)
]]
--- @include "expect-types.lua"
--- @include "jobs-aside.lua"
local parked, delayed = KEYS[1], KEYS[2]
local base, most = unpack(ARGV)

expectTypes({ [delayed] = 'zset' })
local births = {}
for _, job in ipairs(jobsAside(parked, base, 'oldest')) do
  if #births >= tonumber(most) then break end
  if isAside(delayed, base, job) then births[#births + 1] = job.born end
end
return births
