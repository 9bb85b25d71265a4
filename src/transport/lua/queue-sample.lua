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
      10 id               counter
ARGV  1 base              what the keys of the jobs begin with
      2 soon              ms within which a delayed job counts as due soon
REPLY { waiting, prioritized, delayed, active, completed, failed, waiting-children, dead, paused, oldest, added, dueSoon,
        overdue }
      oldest: enqueue time in ms of the job that waits longest, or -1 when none waits
      added: how many jobs were ever added, those that were known already counted too
      overdue: by how many ms the first delayed job is late; 0 when it is not
WRITES nothing   COST O(log n)
]]
local base, soon = ARGV[1], tonumber(ARGV[2])
local function enqueuedAt(id)
  return id and tonumber(redis.call('HGET', base .. id, 'timestamp')) or nil
end
local first = enqueuedAt(redis.call('LINDEX', KEYS[1], -1))
local prioritized = enqueuedAt(redis.call('ZRANGE', KEYS[2], 0, 0)[1])
if prioritized and (not first or prioritized < first) then first = prioritized end
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local dueBefore = (now + soon + 1) * 0x1000
local due = tonumber(redis.call('ZRANGE', KEYS[3], 0, 0, 'WITHSCORES')[2])
local overdue = due and math.max(0, now - math.floor(due / 0x1000)) or 0
return {
  redis.call('LLEN', KEYS[1]), redis.call('ZCARD', KEYS[2]), redis.call('ZCARD', KEYS[3]), redis.call('LLEN', KEYS[4]),
  redis.call('ZCARD', KEYS[5]), redis.call('ZCARD', KEYS[6]), redis.call('ZCARD', KEYS[7]), redis.call('ZCARD', KEYS[8]),
  redis.call('HEXISTS', KEYS[9], 'paused'), first or -1,
  tonumber(redis.call('GET', KEYS[10])) or 0, redis.call('ZCOUNT', KEYS[3], '-inf', '(' .. string.format('%.0f', dueBefore)),
  overdue,
}
