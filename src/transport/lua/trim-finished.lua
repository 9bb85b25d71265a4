--- @include "leave-parent.lua"
--[[
Removes finished jobs that are too old or too many. A failed child may still hold its parent; a completed one has let go of it.
]]
local function removeFinished(target, base, ids, mayHoldParent)
  local gone, doomed = {}, {}
  for _, id in ipairs(ids) do
    local job = base .. id
    local parent = mayHoldParent and redis.pcall('HGET', job, 'parentKey')
    if type(parent) ~= 'string' or parent == '' or leaveParent(job, parent) then
      gone[#gone + 1] = id
      for _, part in ipairs({ '', ':logs', ':dependencies', ':processed', ':failed', ':unsuccessful' }) do
        doomed[#doomed + 1] = job .. part
      end
    end
    if #doomed >= 3000 then
      redis.call('DEL', unpack(doomed))
      redis.call('ZREM', target, unpack(gone))
      gone, doomed = {}, {}
    end
  end
  if #doomed > 0 then
    redis.call('DEL', unpack(doomed))
    redis.call('ZREM', target, unpack(gone))
  end
end

local function trimFinished(target, base, now, mayHoldParent, policy)
  if policy.age ~= '' then
    local oldest = now - tonumber(policy.age) * 1000
    local ids = redis.call('ZREVRANGEBYSCORE', target, oldest, '-inf', 'LIMIT', 0, policy.limit)
    if #ids > 0 then removeFinished(target, base, ids, mayHoldParent) end
  end
  local keepCount = tonumber(policy.count)
  if keepCount > 0 then
    local excess = redis.call('ZCARD', target) - keepCount
    if excess > 0 then removeFinished(target, base, redis.call('ZRANGE', target, 0, excess - 1), mayHoldParent) end
  end
end
