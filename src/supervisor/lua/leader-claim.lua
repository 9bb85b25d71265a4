--[[
leader-claim: take the lead, keep it, or learn who has it.

KEYS  1 leader   hash     { id, epoch, since }, with a time to live
      2 epoch    counter  grows with every election; the fences of the queues tell by it who came later
ARGV  1 id       who asks
      2 lease    ms
      3 above    the epoch is to be higher than this: the counter may have been lost, and the fences not. 0 for any
REPLY { held, epoch, id }: held is 1 when the asker leads now
WRITES leader, epoch   COST O(1)
]]
local id, lease, above = unpack(ARGV)
local leader = redis.call('HMGET', KEYS[1], 'id', 'epoch')
if leader[1] and leader[1] ~= id then return { 0, tonumber(leader[2]), leader[1] } end

local epoch = tonumber(leader[2])
if not leader[1] or epoch <= tonumber(above) then
  local time = redis.call('TIME')
  if tonumber(redis.call('GET', KEYS[2]) or 0) < tonumber(above) then redis.call('SET', KEYS[2], above) end
  epoch = redis.call('INCR', KEYS[2])
  redis.call('HSET', KEYS[1], 'id', id, 'epoch', epoch, 'since', time[1] * 1000 + math.floor(time[2] / 1000))
end
redis.call('PEXPIRE', KEYS[1], lease)
return { 1, epoch, id }
