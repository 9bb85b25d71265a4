--- @include "enter-wait.lua"
--[[
Puts a job that had its turn back among those that can start now, by class and age: with a priority in front of its class, else in
front of all that were enqueued after it. Of those in front that are older at most a hundred are looked at.
]]
local function enterByAge(keys, base, id, previousState)
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
  local ahead = older > 0 and redis.call('RPOP', keys.wait, older) or {}
  enterWait(keys, id, previousState, true)
  for index = #ahead, 1, -1 do redis.call('RPUSH', keys.wait, ahead[index]) end
end
