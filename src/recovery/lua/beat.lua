--[[
beat: a worker tells that it lives and what it does, and hears what is wanted of it. The age of the beat is what is missing of its
time to live, so it is measured on Redis' clock and a worker's clock does not matter.

KEYS  1 worker     string  JSON WorkerBeat
      2 workers    set     ids of all workers
      3 orders     list    JSON WorkerOrder, the oldest first
ARGV  1 id         id of the worker
      2 beat       JSON
      3 ttl        ms until a silent worker is forgotten
      4 register   1 to add the id to the set: at start, and now and then in case Redis lost it
      5 listens    1 to take the orders; the guard of a blocked worker leaves them, nobody could follow them
REPLY array of orders
WRITES worker, workers, orders   COST O(orders)
]]
local id, beat, ttl, register, listens = unpack(ARGV)
-- A Redis without memory refuses SET. PEXPIRE needs none: a full Redis is no reason to take its workers for dead.
if redis.pcall('SET', KEYS[1], beat, 'PX', ttl).err then redis.call('PEXPIRE', KEYS[1], ttl) end
if register == '1' then redis.call('SADD', KEYS[2], id) end
-- What somebody else put there and is no list holds no orders.
local orders = listens == '1' and redis.pcall('LPOP', KEYS[3], 100)
return orders and not orders.err and orders or {}
