--[[
publish-scale: say how many workers each group wants, in the place of what was said before.

KEYS  1 scale      hash    group -> JSON ScaleRecord
      2 leader     hash    who leads
ARGV  1 epoch      of the leader that says it
      2 ttl        ms for which it holds
      3 rest       groups, each with its JSON
REPLY 0 published | -1 leader deposed
WRITES scale   COST O(groups)
]]
if redis.call('HGET', KEYS[2], 'epoch') ~= ARGV[1] then return -1 end
redis.call('DEL', KEYS[1])
if #ARGV > 2 then
  redis.call('HSET', KEYS[1], unpack(ARGV, 3))
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
return 0
