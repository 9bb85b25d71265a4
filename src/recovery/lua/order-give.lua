--[[
order-give: tell one worker what is wanted of it. It hears of it with its next beat, which it sees to be marked by a blank at the end.

KEYS  1 worker     string  its last beat, JSON
      2 orders     list    JSON WorkerOrder, the oldest first
      3 leader     hash    who leads
ARGV  1 order      JSON
      2 ttl        ms until orders that nobody took are forgotten
      3 most       how many may lie there
      4 epoch      of the leader that gives it; empty for an operator
REPLY 0 given | -1 no such worker | -2 too many lie there already | -3 leader deposed
WRITES worker, orders   COST O(1)
]]
local order, ttl, most, epoch = unpack(ARGV)
if epoch ~= '' and redis.call('HGET', KEYS[3], 'epoch') ~= epoch then return -3 end
if redis.call('EXISTS', KEYS[1]) == 0 then return -1 end
-- What somebody else put there and is no list holds no orders, and would hold up all that come.
if redis.call('TYPE', KEYS[2]).ok ~= 'list' then redis.call('DEL', KEYS[2]) end
if redis.call('LLEN', KEYS[2]) >= tonumber(most) then return -2 end
redis.call('RPUSH', KEYS[2], order)
redis.call('PEXPIRE', KEYS[2], ttl)
redis.call('APPEND', KEYS[1], ' ')
return 0
