--[[
directive-write: say what is to be shed, as long as the leader of this epoch leads.

KEYS  1 directive  string  JSON ShedDirective
      2 leader     hash    who leads
ARGV  1 json       the directive
      2 epoch      of the leader that says it
      3 ttl        ms until it is forgotten
REPLY 0 written | -3 leader deposed
WRITES directive   COST O(1)
]]
local json, epoch, ttl = unpack(ARGV)
if redis.call('HGET', KEYS[2], 'epoch') ~= epoch then return -3 end
redis.call('SET', KEYS[1], json, 'PX', ttl)
return 0
