--[[
Milliseconds since the epoch on Redis' clock, so that hosts whose clocks differ still agree on what is due.
]]
local function nowMs()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
