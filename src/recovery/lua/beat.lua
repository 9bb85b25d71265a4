--[[
beat: a worker tells that it lives and what it does. The age of the beat is what is missing of its time to live, so it is
measured on Redis' clock and a worker's clock does not matter.

KEYS  1 worker     string  JSON WorkerBeat
      2 workers    set     ids of all workers
ARGV  1 id         id of the worker
      2 beat       JSON
      3 ttl        ms until a silent worker is forgotten
      4 register   1 to add the id to the set: at start, and now and then in case Redis lost it
REPLY 1
WRITES worker, workers   COST O(1)
]]
local id, beat, ttl, register = unpack(ARGV)
-- A Redis without memory refuses SET. PEXPIRE needs none: a full Redis is no reason to take its workers for dead.
if redis.pcall('SET', KEYS[1], beat, 'PX', ttl).err then redis.call('PEXPIRE', KEYS[1], ttl) end
if register == '1' then redis.call('SADD', KEYS[2], id) end
return 1
