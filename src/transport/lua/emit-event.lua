--[[
Adds an event to the queue's stream, trimmed to the length that BullMQ keeps in the queue's meta.
]]
local function emitEvent(eventsKey, metaKey, ...)
  local length = redis.call('HGET', metaKey, 'opts.maxLenEvents') or 10000
  redis.call('XADD', eventsKey, 'MAXLEN', '~', length, '*', ...)
end
