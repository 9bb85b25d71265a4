--[[
leader-claim: take the lead, keep it, or learn who has it.

KEYS  1 leader   hash     { id, epoch, since }, with a time to live
      2 epoch    counter  grows with every election; tells in log and metric who acted
ARGV  1 id       who asks
      2 lease    ms
REPLY { held, epoch, id }: held is 1 when the asker leads now
WRITES leader, epoch   COST O(1)
]]
local id, lease = unpack(ARGV)
local leader = redis.call('HMGET', KEYS[1], 'id', 'epoch')
if leader[1] and leader[1] ~= id then return { 0, tonumber(leader[2]), leader[1] } end

local epoch = tonumber(leader[2])
if not leader[1] then
  local time = redis.call('TIME')
  epoch = redis.call('INCR', KEYS[2])
  redis.call('HSET', KEYS[1], 'id', id, 'epoch', epoch, 'since', time[1] * 1000 + math.floor(time[2] / 1000))
end
redis.call('PEXPIRE', KEYS[1], lease)
return { 1, epoch, id }
