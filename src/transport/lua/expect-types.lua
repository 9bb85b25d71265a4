--[[
Asks for one thing of every key that a job is about to leave or enter: one of another type breaks the script off here, while all jobs
are in their place. Redis takes nothing back.
]]
local sizeOf = { list = 'LLEN', zset = 'ZCARD', set = 'SCARD', stream = 'XLEN', hash = 'HLEN' }
local function expectTypes(types)
  for key, type in pairs(types) do redis.call(sizeOf[type], key) end
end
