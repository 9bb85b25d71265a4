--- @include "enter-wait.lua"
--[[
Puts jobs without a priority, given oldest first, each in front of all that were enqueued after it. Of those in front that are older at
most a hundred are looked at. `wait` is a list or nothing.
]]
local function pushByAge(keys, base, ids)
  local function bornAt(id)
    local born = redis.pcall('HGET', base .. id, 'timestamp')
    return type(born) == 'string' and tonumber(born) or 0
  end
  local older, front = 0, {}
  for _, id in ipairs(ids) do
    local born = bornAt(id)
    while older < 100 do
      local next = redis.call('LINDEX', keys.wait, -1 - older)
      if not next or bornAt(next) >= born then break end
      older = older + 1
      front[#front + 1] = next
    end
    front[#front + 1] = id
  end
  if older > 0 then redis.call('RPOP', keys.wait, older) end
  -- The last of a list is taken first.
  local turned = {}
  for index = #front, 1, -1 do turned[#turned + 1] = front[index] end
  redis.call('RPUSH', keys.wait, unpack(turned))
end

--[[
Puts a job that had its turn back among those that can start now, by class and age: with a priority in front of its class.
]]
local function enterByAge(keys, base, id, previousState)
  local priority = tonumber(redis.call('HGET', keys.job, 'priority')) or 0
  if priority > 0 then return enterWait(keys, id, previousState, true) end
  pushByAge(keys, base, { id })
  redis.call('HSET', keys.job, 'delay', 0, 'bww', nowMs())
  wakeWorker(keys.marker, keys.meta)
  emitEvent(keys.events, keys.meta, 'event', 'waiting', 'jobId', id, 'prev', previousState)
end
