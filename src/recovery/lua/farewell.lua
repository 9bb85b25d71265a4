--[[
farewell: a worker that stopped in good order takes itself off the list, so that nobody waits for its silence.

KEYS  1 worker     string
      2 workers    set
      3 orders     list
ARGV  1 id         id of the worker
REPLY 1
WRITES worker, workers, orders   COST O(1)
]]
redis.call('DEL', KEYS[1], KEYS[3])
redis.call('SREM', KEYS[2], ARGV[1])
return 1
