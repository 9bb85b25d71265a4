--[[
When the first of the delayed jobs is due, in ms; nil when there is none.
]]
local function nextDelayed(delayedKey)
  local first = redis.call('ZRANGE', delayedKey, 0, 0, 'WITHSCORES')
  return first[2] and tonumber(first[2]) / 0x1000
end

--[[
Lets sleeping workers know when the first of the delayed jobs is due.
]]
local function markDelayed(markerKey, delayedKey)
  local due = nextDelayed(delayedKey)
  if due then redis.call('ZADD', markerKey, due, '1') end
end
