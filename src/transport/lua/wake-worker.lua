--[[
Wakes one sleeping worker: a slot of the queue has become free, and under a global limit nobody else would notice. A paused queue
wakes nobody.
]]
local function wakeWorker(markerKey, metaKey)
  if redis.call('HEXISTS', metaKey, 'paused') == 0 then redis.call('ZADD', markerKey, 0, '0') end
end
