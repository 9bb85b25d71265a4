--- @include "emit-event.lua"
--- @include "now-ms.lua"
--- @include "wake-worker.lua"
--- @include "take-turn.lua"
--[[
Puts a job among those that can start now: `front` for one that already had its turn, else at the end. Jobs with a priority
go to their place among the prioritized, and where tenants have turns at their tenant's next. A paused queue wakes nobody. Its wait begins
now, which its field `bww` tells: its timestamp is that of its enqueuing.
]]
local function enterWait(keys, id, previousState, front)
  local known = redis.call('HMGET', keys.job, 'priority', 'bwo')
  local priority, share = tonumber(known[1]) or 0, known[2]
  if priority > 0 and share and not front then
    local turns = openTurns(keys)
    takeTurn(turns, id, share, 'new')
    closeTurns(turns)
  elseif priority > 0 then
    local turn = 0
    if not front then turn = redis.call('INCR', keys.priorityCounter) % 0x100000000 end
    redis.call('ZADD', keys.prioritized, priority * 0x100000000 + turn, id)
  else
    redis.call(front and 'RPUSH' or 'LPUSH', keys.wait, id)
  end
  redis.call('HSET', keys.job, 'delay', 0, 'bww', nowMs())
  wakeWorker(keys.marker, keys.meta)
  emitEvent(keys.events, keys.meta, 'event', 'waiting', 'jobId', id, 'prev', previousState)
end
