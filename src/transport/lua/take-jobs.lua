--- @include "../../idempotency/lua/claim-key.lua"
--- @include "tenant-slots.lua"
--[[
Takes jobs out of the queue: first the waiting ones, then the prioritized.
]]
local function chooseJobs(keys, wanted, hasTurns)
  if wanted == 1 then
    local id = redis.call('LMOVE', keys.wait, keys.active, 'RIGHT', 'LEFT')
    if id then return { id } end
  end
  -- One of another type breaks off here, while all jobs are in their place.
  redis.call('LLEN', keys.active)
  redis.call('ZCARD', keys.prioritized)
  local ids = redis.call('RPOP', keys.wait, wanted) or {}
  if #ids < wanted then
    local prioritized = redis.call('ZPOPMIN', keys.prioritized, wanted - #ids)
    for index = 1, #prioritized, 2 do ids[#ids + 1] = prioritized[index] end
    -- Nothing prioritized is left: its turns may start again from 1.
    if #ids < wanted then redis.call('DEL', keys.priorityCounter) end
    -- Only where tenants have turns is there a time that goes on.
    if hasTurns and #prioritized > 0 then redis.call('ZADD', keys.turns, 'XX', 'GT', prioritized[#prioritized], 'now') end
  end
  if #ids > 0 then redis.call('LPUSH', keys.active, unpack(ids)) end
  return ids
end

local call, protectedCall = redis.call, redis.pcall

--[[
Starts one job that was chosen: start in its hash, lease, event. Answers what was asked of its hash; nil when it is no job.
]]
local function startJob(keys, base, id, token, now, options)
  local job = base .. id
  -- Not a job: what BullMQ 4 put between the jobs to wake its workers.
  local isMarker = string.byte(id, 1) == 48 and string.byte(id, 2) == 58
  -- Asking twice for the name costs nothing, and keeps the places of the rest.
  local payload = options.answer == 'fields' and 'data' or 'name'
  local values = not isMarker and protectedCall(
    'HMGET', job, 'ats', 'name', payload, 'opts', 'timestamp', 'atm', 'parentKey', 'parent', 'rjk', 'defa', 'bwi'
  )
  -- No job lies under this id. It may not stay where it would count as one.
  if not values or values.err then
    call('LREM', keys.active, 1, id)
    return nil
  end
  -- Read with the rest, written once.
  local starts = values[1] and (tonumber(values[1]) or 0) + 1 or '1'
  if options.worker == '' then
    call('HSET', job, 'processedOn', now, 'ats', starts)
  else
    call('HSET', job, 'processedOn', now, 'ats', starts, 'pb', options.worker)
  end
  values[1] = starts
  local keyName = values[11]
  -- BullMQ's token for "without a lease".
  if token ~= '0' then call('SET', job .. ':lock', token, 'PX', options.lease) end
  if options.answer == 'whole' then
    values = call('HGETALL', job)
  elseif keyName then
    values[11] = claimOnStart(options.ledgerBase, base, options.keepKeys, keyName, id, token, starts)
  end
  call('XADD', keys.events, '*', 'event', 'active', 'jobId', id, 'prev', 'waiting')
  values[#values + 1] = id
  return values
end

--[[
How long the rate limit holds, in ms; 0 when there is none or it has room.
]]
local function limitedFor(limiter, max)
  if not max or max > tonumber(redis.call('GET', limiter) or 0) then return 0 end
  local left = redis.call('PTTL', limiter)
  if left == 0 then redis.call('DEL', limiter) end
  return math.max(left, 0)
end

--[[
Counts a start for the rate limit. A job that only starts to be failed has done nothing that a limit protects.
]]
local function countStart(limiter, job, duration)
  if redis.call('HEXISTS', job, 'defa') == 1 then return end
  if redis.call('INCR', limiter) == 1 then redis.call('PEXPIRE', limiter, math.floor(math.abs(duration))) end
end

--[[
Gives one job to each token, as far as there are jobs, room and rate limit allow. Answers the jobs, and how long the rate limit holds.
options.hasTurns: whether tenants have turns; options.slots: theirs, where they are limited; then at most some fifty jobs are set aside, and the rest is left to the next call.
]]
local function takeJobs(keys, base, tokens, now, options)
  local jobs = {}
  if options.room <= 0 then return jobs, limitedFor(keys.limiter, options.limiterMax) end
  local wanted = math.min(#tokens, options.room)
  local slots = options.slots
  while #jobs < wanted and not (slots and slots.setAside >= 50) do
    local limited = limitedFor(keys.limiter, options.limiterMax)
    if limited > 0 then return jobs, limited end
    -- Under a rate limit every single start counts and may be the last.
    local number = options.limiterMax and 1 or wanted - #jobs
    local ids = chooseJobs(keys, number, options.hasTurns)
    for _, id in ipairs(ids) do
      local job = (not slots or enterTenantSlot(slots, id)) and startJob(keys, base, id, tokens[#jobs + 1], now, options) or nil
      jobs[#jobs + 1] = job
      if job and options.limiterMax then countStart(keys.limiter, base .. id, options.limiterDuration) end
    end
    if #ids < number then break end
  end
  if slots and slots.setAside > 0 then markDelayed(keys.marker, keys.delayed) end
  -- Whoever got fewer than they asked for goes on waiting, and nothing is left for others.
  if #jobs == wanted or slots and slots.setAside >= 50 then redis.call('ZADD', keys.marker, 0, '0') end
  return jobs, 0
end
