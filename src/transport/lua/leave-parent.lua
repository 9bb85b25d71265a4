--- @include "now-ms.lua"
--[[
Cuts the tie of a finished child to its parent before the child is removed. A child that failed without a word on what that means
for its parent is still waited for; when it was the last one, the parent starts. Answers whether the child may go: a parent in
another slot of a cluster cannot be told.
]]
local function leaveParent(job, parent)
  local exists = redis.pcall('EXISTS', parent)
  if exists == 0 then return true end
  if exists ~= 1 then return false end
  if redis.call('SREM', parent .. ':dependencies', job) == 0 then return true end
  if redis.call('SCARD', parent .. ':dependencies') > 0 then return true end
  local base, id = string.match(parent, '^(.*:)(.*)$')
  if redis.call('ZREM', base .. 'waiting-children', id) == 0 then return true end
  redis.call('RPUSH', base .. 'wait', id)
  redis.pcall('HSET', parent, 'bww', nowMs())
  local settings = redis.call('HMGET', base .. 'meta', 'paused', 'concurrency')
  local full = settings[2] and redis.call('LLEN', base .. 'active') >= tonumber(settings[2])
  if not settings[1] and not full then redis.call('ZADD', base .. 'marker', 0, '0') end
  redis.call('XADD', base .. 'events', '*', 'event', 'waiting', 'jobId', id, 'prev', 'waiting-children')
  return true
end
