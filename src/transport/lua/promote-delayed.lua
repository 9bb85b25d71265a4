--- @include "mark-delayed.lua"
--- @include "enter-by-age.lua"
--[[
Moves delayed jobs that are due to where they can start, at most a thousand at once: suspects that nobody has run alone to their place
by age, as they have waited before. Where tenants have turns each takes its tenant's next. The wait of each began when it was due. Answers
when the next one is due, or nothing.
]]
local function promoteDelayed(keys, base, now, paused)
  local next = nextDelayed(keys.delayed)
  if not next or next >= now + 1 then return next end
  local entries = redis.call('ZRANGEBYSCORE', keys.delayed, 0, (now + 1) * 0x1000 - 1, 'WITHSCORES', 'LIMIT', 0, 1000)
  local due = {}
  for index = 1, #entries, 2 do due[#due + 1] = entries[index] end
  -- A key of another type breaks off here, while all jobs are in their place; below, it must not.
  redis.call('LLEN', keys.wait)
  redis.call('ZCARD', keys.prioritized)
  redis.call('XLEN', keys.events)
  redis.call('ZREM', keys.delayed, unpack(due))
  local byAge, turns = 0, nil
  for index, id in ipairs(due) do
    local job = base .. id
    -- A key of another type answers with a table of one error.
    local known = redis.pcall('HMGET', job, 'priority', 'bwp', 'bwo')
    local priority = tonumber(known[1] or 0) or 0
    if priority ~= priority or priority == 0 then
      -- To find the place of one means to look at others.
      if known[2] == 'quarantine' and byAge < 20 then
        byAge = byAge + 1
        pushByAge(keys, base, { id })
        redis.call('HDEL', job, 'bwp')
      else
        redis.call('LPUSH', keys.wait, id)
      end
    elseif known[3] then
      turns = turns or openTurns(keys)
      takeTurn(turns, id, known[3], known[2] and 'back' or 'new')
      if known[2] then redis.call('HDEL', job, 'bwp') end
    else
      local turn = redis.pcall('INCR', keys.priorityCounter)
      turn = type(turn) == 'number' and turn % 0x100000000 or 0
      redis.call('ZADD', keys.prioritized, priority * 0x100000000 + turn, id)
    end
    redis.call('XADD', keys.events, '*', 'event', 'waiting', 'jobId', id, 'prev', 'delayed')
    redis.pcall('HSET', job, 'delay', 0, 'bww', math.floor(tonumber(entries[2 * index]) / 0x1000))
  end
  if turns then closeTurns(turns) end
  if not paused then redis.call('ZADD', keys.marker, 0, '0') end
  return nextDelayed(keys.delayed)
end
