--[[
stray-jobs: which of the newest active jobs one worker holds.

KEYS  1 active   list
ARGV  1 base     what the keys of the jobs begin with
      2 prefix   what the tokens of the worker begin with
      3 count    how many to look at, from the newest
REPLY array of { id, token }
WRITES nothing   COST O(count)
]]
local base, prefix, count = unpack(ARGV)
local held = {}
for _, id in ipairs(redis.call('LRANGE', KEYS[1], 0, tonumber(count) - 1)) do
  local token = redis.pcall('GET', base .. id .. ':lock')
  if type(token) == 'string' and string.sub(token, 1, #prefix) == prefix then held[#held + 1] = { id, token } end
end
return held
