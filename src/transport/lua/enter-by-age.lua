--- @include "enter-wait.lua"
--[[
Puts a job without a priority in front of all that were enqueued after it. Of those in front that are older at most a hundred are looked
at. `wait` is a list or nothing.
]]
local function pushByAge(keys, base, id)
  local function bornAt(other)
    local born = redis.pcall('HGET', base .. other, 'timestamp')
    return type(born) == 'string' and tonumber(born) or 0
  end
  local born, older = bornAt(id), 0
  while older < 100 do
    local next = redis.call('LINDEX', keys.wait, -1 - older)
    if not next or bornAt(next) >= born then break end
    older = older + 1
  end
  local ahead, front = older > 0 and redis.call('RPOP', keys.wait, older) or {}, { id }
  for index = #ahead, 1, -1 do front[#front + 1] = ahead[index] end
  redis.call('RPUSH', keys.wait, unpack(front))
end

--[[
Puts a job that had its turn back among those that can start now, by class and age: with a priority in front of its class.
]]
local function enterByAge(keys, base, id, previousState)
  local priority = tonumber(redis.call('HGET', keys.job, 'priority')) or 0
  if priority > 0 then return enterWait(keys, id, previousState, true) end
  pushByAge(keys, base, id)
  redis.call('HSET', keys.job, 'delay', 0)
  wakeWorker(keys.marker, keys.meta)
  emitEvent(keys.events, keys.meta, 'event', 'waiting', 'jobId', id, 'prev', previousState)
end
