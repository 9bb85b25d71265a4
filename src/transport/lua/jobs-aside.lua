--[[
The jobs on an index of parked ones: of the thousand that would come back first, the oldest first, or those first.
]]
local function jobsAside(parked, base, first)
  -- What somebody else put in its place is no index, and nobody is on it.
  if redis.call('TYPE', parked).ok ~= 'zset' then return {} end
  local aside = {}
  local entries = redis.call('ZRANGE', parked, 0, 999, 'WITHSCORES')
  for index = 1, #entries, 2 do
    local id = entries[index]
    local born = redis.pcall('HGET', base .. id, 'timestamp')
    aside[#aside + 1] = { id = id, due = tonumber(entries[index + 1]), born = type(born) == 'string' and tonumber(born) or 0 }
  end
  if first == 'oldest' then
    table.sort(aside, function(one, other)
      if one.born ~= other.born then return one.born < other.born end
      return one.id < other.id
    end)
  end
  return aside
end

--- Whoever left `delayed`, or is there for something that came later, has an entry on the index that is out of date.
local function isAside(delayed, base, job)
  local score = redis.call('ZSCORE', delayed, job.id)
  return score and math.floor(tonumber(score) / 0x1000) == math.floor(job.due) and redis.call('TYPE', base .. job.id).ok == 'hash'
end
