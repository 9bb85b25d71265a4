--[[
Puts a job into `delayed`; answers when it is due.

The score is BullMQ's: the due time in its upper bits, a running number in the lower twelve, so that jobs of the same
millisecond keep their order.
]]
local function enterDelayed(delayedKey, eventsKey, maxEvents, id, now, delay)
  local due = now + math.max(delay, 0)
  local lowest = due * 0x1000
  local highest = lowest + 0xfff
  local newest = redis.call('ZREVRANGEBYSCORE', delayedKey, highest, lowest, 'WITHSCORES', 'LIMIT', 0, 1)
  local score = lowest
  if newest[2] then score = math.min(tonumber(newest[2]) + 1, highest) end
  redis.call('ZADD', delayedKey, score, id)
  redis.call('XADD', eventsKey, 'MAXLEN', '~', maxEvents, '*', 'event', 'delayed', 'jobId', id, 'delay', due)
  return due
end
