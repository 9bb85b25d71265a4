--[[
leader-resign: give up the lead, so that a standby need not wait for the lease to run out.

KEYS  1 leader   hash
ARGV  1 id       who resigns
REPLY 1 resigned | 0 did not lead
WRITES leader   COST O(1)
]]
if redis.call('HGET', KEYS[1], 'id') ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
