--[[
breaker-isolate: hold a breaker open, because an operator wants it so. Done again, it changes until when and why.

KEYS  1 breakers   hash     name to BreakerState, JSON
      2 generation counter  of all transitions
ARGV  1 name       of the breaker
      2 isolation  Isolation, JSON
      3 rules      BreakerRules, JSON
      4 ttl        ms for which breakers are kept
      5 now        ms since the epoch; empty for Redis' clock
REPLY state        BreakerState, JSON
WRITES breakers, generation   COST O(1)
]]
--- @include "breaker-machine.lua"
local name, isolation, rules, ttl, now = unpack(ARGV)
local turn = turnOf(KEYS[2], rules, ttl, now)
isolation = cjson.decode(isolation)

local isolated = moveTo(turn, readBreaker(KEYS[1], name), 'isolated', 'isolated')
isolated.by, isolated.why = isolation.by, isolation.why
if isolation.forMs then isolated['until'] = turn.now + isolation.forMs end
writeBreaker(KEYS[1], isolated, ttl)
return cjson.encode(isolated)
