--[[
The counter of generations. Workers see by it that something changed.
]]
local function readGeneration(key)
  local text = redis.pcall('GET', key)
  if type(text) ~= 'string' or #text > 14 then return nil end
  return tonumber(string.match(text, '^[1-9]%d*$'))
end

-- A counter that was lost begins at the clock: above all that was before, so that no call of an earlier life counts in this one.
local function nextGeneration(key, above, now, ttl)
  local generation = math.max(readGeneration(key) or now, above) + 1
  redis.call('SET', key, string.format('%.0f', generation), 'PX', ttl)
  return generation
end
