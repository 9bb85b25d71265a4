--- @include "enter-delayed.lua"
--- @include "append-trail.lua"
--[[
Sets a job aside that has left `active`, and puts it on the index of its reason. Entries that are due have left already. The trail of
the job tells of it, for which cause if there is one to tell, and after how many losses of a worker.
]]
local function parkJob(keys, maxEvents, parkedBase, job, id, now, delay, reason, cause)
  local parked = parkedBase .. reason
  -- What somebody else put there and is no index would hold up every job of this reason in its slot.
  if redis.call('TYPE', parked).ok ~= 'zset' then redis.call('DEL', parked) end
  redis.call('HSET', job, 'bwp', reason, 'delay', delay)
  local due = enterDelayed(keys.delayed, keys.events, maxEvents, id, now, tonumber(delay))
  redis.call('ZREMRANGEBYSCORE', parked, '-inf', now)
  redis.call('ZADD', parked, due, id)
  redis.call('PEXPIREAT', parked, math.max(due, redis.call('ZRANGE', parked, -1, -1, 'WITHSCORES')[2]) + 60000)
  local crashes = tonumber(string.match(redis.call('HGET', job, 'bwc') or '', '^%d%d?%d?$'))
  local entry = { at = now, what = 'parked', reason = reason, ['until'] = due, crashes = crashes, cause = cause }
  appendTrail(job, cjson.encode(entry))
end
