--[[
purge: delete a dead-lettered job for good.

KEYS  1 dead         hash    the job in the dead-letter queue
      2 deadFailed   zset    dead-lettered jobs
ARGV  1 deadId       id in the dead-letter queue
REPLY 1 deleted | 0 not dead-lettered
WRITES dead, deadFailed   COST O(log dead)
]]
if redis.call('ZREM', KEYS[2], ARGV[1]) == 0 then return 0 end
redis.call('DEL', KEYS[1], KEYS[1] .. ':logs', KEYS[1] .. ':processed', KEYS[1] .. ':failed')
return 1
