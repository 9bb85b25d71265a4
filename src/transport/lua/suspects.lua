--[[
suspects: the jobs of a queue that wait for a process of their own, those that come back first in front.

KEYS  1 parked   zset    index of those set aside, score = due ms
ARGV  1 base     what the keys of the jobs begin with
      2 count    how many to name at most
REPLY array of { id, kind }
WRITES nothing   COST O(log parked + count)
]]
--- @include "now-ms.lua"
local base, count = unpack(ARGV)
local suspects = {}
for index, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. nowMs(), '+inf', 'LIMIT', 0, count)) do
  local kind = redis.pcall('HGET', base .. id, 'name')
  suspects[index] = { id, type(kind) == 'string' and kind or '' }
end
return suspects
