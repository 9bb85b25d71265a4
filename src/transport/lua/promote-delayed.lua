--- @include "mark-delayed.lua"
--[[
Moves delayed jobs that are due to where they can start, at most a thousand at once. Answers when the next one is due, or nothing.
]]
local function promoteDelayed(keys, base, now, paused)
  local next = nextDelayed(keys.delayed)
  if not next or next >= now + 1 then return next end
  local due = redis.call('ZRANGEBYSCORE', keys.delayed, 0, (now + 1) * 0x1000 - 1, 'LIMIT', 0, 1000)
  -- A key of another type breaks off here, while all jobs are in their place; below, it must not.
  redis.call('LLEN', keys.wait)
  redis.call('ZCARD', keys.prioritized)
  redis.call('XLEN', keys.events)
  redis.call('ZREM', keys.delayed, unpack(due))
  for _, id in ipairs(due) do
    local priority = redis.pcall('HGET', base .. id, 'priority')
    priority = type(priority) == 'string' and tonumber(priority) or 0
    if priority == 0 then
      redis.call('LPUSH', keys.wait, id)
    else
      local turn = redis.pcall('INCR', keys.priorityCounter)
      turn = type(turn) == 'number' and turn % 0x100000000 or 0
      redis.call('ZADD', keys.prioritized, priority * 0x100000000 + turn, id)
    end
    redis.call('XADD', keys.events, '*', 'event', 'waiting', 'jobId', id, 'prev', 'delayed')
    redis.pcall('HSET', base .. id, 'delay', 0)
  end
  if not paused then redis.call('ZADD', keys.marker, 0, '0') end
  return nextDelayed(keys.delayed)
end
