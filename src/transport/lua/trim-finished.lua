--- @include "leave-parent.lua"
--[[
Removes finished jobs that are too old or too many. A failed child may still hold its parent; a completed one has let go of it.
]]
local function removeFinished(target, base, ids, mayHoldParent)
  -- A few hundred at once: more would not fit on the stack of the script.
  for from = 1, #ids, 500 do
    local gone, jobs, parts = {}, {}, {}
    for index = from, math.min(from + 499, #ids) do
      local id = ids[index]
      local job = base .. id
      local parent = mayHoldParent and redis.pcall('HGET', job, 'parentKey')
      if type(parent) ~= 'string' or parent == '' or leaveParent(job, parent) then
        gone[#gone + 1], jobs[#jobs + 1] = id, job
        local at = #parts
        parts[at + 1], parts[at + 2], parts[at + 3] = job .. ':logs', job .. ':dependencies', job .. ':processed'
        parts[at + 4], parts[at + 5] = job .. ':failed', job .. ':unsuccessful'
      end
    end
    if #gone > 0 then
      redis.call('DEL', unpack(jobs))
      -- Few jobs have anything beside their hash, and to find nothing is cheaper than to delete nothing.
      if redis.call('EXISTS', unpack(parts)) > 0 then redis.call('DEL', unpack(parts)) end
      redis.call('ZREM', target, unpack(gone))
    end
  end
end

local function trimFinished(target, base, now, mayHoldParent, policy)
  if policy.age then
    local oldest = now - policy.age * 1000
    local ids = redis.call('ZREVRANGEBYSCORE', target, oldest, '-inf', 'LIMIT', 0, policy.limit)
    if #ids > 0 then removeFinished(target, base, ids, mayHoldParent) end
  end
  if policy.count > 0 then
    local excess = redis.call('ZCARD', target) - policy.count
    if excess > 0 then removeFinished(target, base, redis.call('ZRANGE', target, 0, excess - 1), mayHoldParent) end
  end
end
