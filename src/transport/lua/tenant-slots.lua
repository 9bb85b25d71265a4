--- @include "enter-delayed.lua"
--- @include "mark-delayed.lua"
--- @include "note-return.lua"
--- @include "take-turn.lua"
--- @include "wake-worker.lua"
--[[
How many jobs of one tenant run at once. A job whose tenant runs as many as it may is set aside when it is taken, and the end of one of
them brings the oldest back; it comes back by itself, too. `tenantRuns` counts what was taken and ended. It is counted anew from `active`
when the last time is some seconds ago: workers die, and plain BullMQ's tell it nothing. Those of all tenants are on one index more, by when
they come back by themselves: who counts what is due soon leaves them out.
]]
local function indexOfAside(parkedBase)
  return parkedBase .. 'tenant_slots'
end

local function tenantOf(share)
  local _, tenant = readShare(share)
  return tenant, 'tenant_slots:' .. tenant
end

--[[
Opens the count for one call. What somebody else put in its place, and is none, is removed.
]]
local function openTenantSlots(keys, base, parkedBase, maxEvents, now, most)
  local runs = keys.tenantRuns
  if redis.call('TYPE', runs).ok ~= 'hash' then redis.call('DEL', runs) end
  -- One of another type breaks off here, while all jobs are in their place.
  redis.call('ZCARD', keys.delayed)
  local counted = tonumber(redis.call('HGET', runs, 'counted') or nil)
  if not counted or math.abs(now - counted) > 5000 then
    local counts = {}
    for _, id in ipairs(redis.call('LRANGE', keys.active, 0, -1)) do
      local share = redis.pcall('HGET', base .. id, 'bwo')
      if type(share) == 'string' then
        local tenant = tenantOf(share)
        counts[tenant] = (counts[tenant] or 0) + 1
      end
    end
    redis.call('DEL', runs)
    redis.call('HSET', runs, 'counted', string.format('%.0f', now))
    for tenant, count in pairs(counts) do redis.call('HSET', runs, 'of:' .. tenant, count) end
    redis.call('PEXPIRE', runs, 3600000)
  end
  return { keys = keys, base = base, parkedBase = parkedBase, maxEvents = maxEvents, now = now, most = most, setAside = 0 }
end

--[[
Gives a slot to a job that was moved to `active`, or sets it aside: for half a minute, and longer the more there are, so that those that
come back by themselves come one after another.
]]
local function enterTenantSlot(slots, id)
  local keys, job = slots.keys, slots.base .. id
  local known = redis.pcall('HMGET', job, 'bwo', 'timestamp')
  if not known[1] then return true end
  local tenant, reason = tenantOf(known[1])
  local field = 'of:' .. tenant
  if (tonumber(redis.call('HGET', keys.tenantRuns, field)) or 0) < slots.most then
    redis.pcall('HINCRBY', keys.tenantRuns, field, 1)
    return true
  end
  local parked = slots.parkedBase .. reason
  if redis.call('TYPE', parked).ok ~= 'zset' then redis.call('DEL', parked) end
  local delay = 30000 + math.min(redis.call('ZCARD', parked) * 20, 570000)
  redis.call('LREM', keys.active, 1, id)
  local due = enterDelayed(keys.delayed, keys.events, slots.maxEvents, id, slots.now, delay)
  redis.call('HSET', job, 'bwp', reason, 'delay', delay)
  -- By age, not by when they are due: the oldest comes back first.
  redis.call('ZADD', parked, tonumber(known[2]) or 0, id)
  redis.call('PEXPIRE', parked, 660000)
  local all = indexOfAside(slots.parkedBase)
  if redis.call('TYPE', all).ok ~= 'zset' then redis.call('DEL', all) end
  redis.call('ZREMRANGEBYSCORE', all, '-inf', slots.now)
  redis.call('ZADD', all, due, id)
  redis.call('PEXPIRE', all, 660000)
  appendTrail(job, cjson.encode({ at = slots.now, what = 'parked', reason = reason, ['until'] = due }))
  slots.setAside = slots.setAside + 1
  return false
end

--[[
Frees the slot of a job that has ended, and brings the oldest job of its tenant back that waits for one. Those that came back by themselves still
stand there, and are taken off as they are met: each only once, so a thousand at a time are the rare case.
]]
local function leaveTenantSlot(keys, base, parkedBase, now, share)
  local tenant, reason = tenantOf(share)
  local runs, parked = keys.tenantRuns, parkedBase .. reason
  -- Who held it is told by the next count where this one cannot be read.
  local left = redis.pcall('HINCRBY', runs, 'of:' .. tenant, -1)
  if type(left) == 'number' and left <= 0 then redis.call('HDEL', runs, 'of:' .. tenant) end
  if redis.call('TYPE', parked).ok ~= 'zset' then return end
  for _ = 1, 1000 do
    local id = redis.call('ZPOPMIN', parked)[1]
    if not id then return end
    local job = base .. id
    redis.pcall('ZREM', indexOfAside(parkedBase), id)
    if redis.pcall('HGET', job, 'bwp') == reason and redis.call('ZREM', keys.delayed, id) == 1 then
      local turns = openTurns(keys)
      takeTurn(turns, id, redis.call('HGET', job, 'bwo') or share, 'back')
      closeTurns(turns)
      redis.call('HDEL', job, 'bwp')
      redis.call('HSET', job, 'delay', 0, 'bww', now)
      noteReturn(job, now, reason)
      redis.call('XADD', keys.events, '*', 'event', 'waiting', 'jobId', id, 'prev', 'delayed')
      return wakeWorker(keys.marker, keys.meta)
    end
  end
end
