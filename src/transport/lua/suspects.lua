--[[
suspects: the jobs of a queue that wait for a process of their own, those that come back first in front. A paused queue names none: it
would not give them.

KEYS  1 parked   zset    index of those set aside, score = due ms
      2 meta     hash
ARGV  1 base     what the keys of the jobs begin with
      2 count    how many to name at most
REPLY array of { id, kind }
WRITES nothing   COST O(log parked + count)
]]
--- @include "now-ms.lua"
local base, count = unpack(ARGV)
local suspects = {}
if redis.call('HEXISTS', KEYS[2], 'paused') == 1 then return suspects end
for index, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. nowMs(), '+inf', 'LIMIT', 0, count)) do
  local kind = redis.pcall('HGET', base .. id, 'name')
  suspects[index] = { id, type(kind) == 'string' and kind or '' }
end
return suspects
