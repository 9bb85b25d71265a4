--[[
Adds one to a count in the job's hash. A count that is no number, written by somebody else, begins anew: HINCRBY would end the
script half-way, with the job in no list at all.
]]
local function countUp(jobKey, field)
  local known = string.match(redis.call('HGET', jobKey, field) or '', '^%d+$')
  redis.call('HSET', jobKey, field, (tonumber(known) or 0) + 1)
end
