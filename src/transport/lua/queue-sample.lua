--[[
queue-sample: count a queue in every state, at one moment.

KEYS  1 wait              list
      2 prioritized       zset
      3 delayed           zset
      4 active            list
      5 completed         zset
      6 failed            zset
      7 waitingChildren   zset
      8 dead              zset
      9 meta              hash
ARGV  1 base              what the keys of the jobs begin with
REPLY { waiting, prioritized, delayed, active, completed, failed, waiting-children, dead, paused, oldest }
      oldest: enqueue time in ms of the job that waits longest, or -1 when none waits
WRITES nothing   COST O(log n)
]]
local base = ARGV[1]
local function enqueuedAt(id)
  return id and tonumber(redis.call('HGET', base .. id, 'timestamp')) or nil
end
local first = enqueuedAt(redis.call('LINDEX', KEYS[1], -1))
local prioritized = enqueuedAt(redis.call('ZRANGE', KEYS[2], 0, 0)[1])
if prioritized and (not first or prioritized < first) then first = prioritized end
return {
  redis.call('LLEN', KEYS[1]), redis.call('ZCARD', KEYS[2]), redis.call('ZCARD', KEYS[3]), redis.call('LLEN', KEYS[4]),
  redis.call('ZCARD', KEYS[5]), redis.call('ZCARD', KEYS[6]), redis.call('ZCARD', KEYS[7]), redis.call('ZCARD', KEYS[8]),
  redis.call('HEXISTS', KEYS[9], 'paused'), first or -1,
}
