--- @include "../../transport/lua/now-ms.lua"
--[[
What a turn of a breaker is made of: the moment, the rules, and the counter of generations. The moment is Redis' own if none is given.
]]
local function turnOf(counter, rules, ttl, now)
  return { counter = counter, rules = cjson.decode(rules), ttl = ttl, now = tonumber(now) or nowMs() }
end
