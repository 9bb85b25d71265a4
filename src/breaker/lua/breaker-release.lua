--[[
breaker-release: close a breaker, because an operator wants it so. One that is closed stays as it is.

KEYS  1 breakers   hash     name to BreakerState, JSON
      2 generation counter  of all transitions
ARGV  1 name       of the breaker
      2 release    { by, why }, JSON
      3 rules      BreakerRules, JSON
      4 ttl        ms for which breakers are kept
      5 now        ms since the epoch; empty for Redis' clock
REPLY state        BreakerState, JSON
WRITES breakers, generation   COST O(1)
]]
--- @include "breaker-machine.lua"
local name, release, rules, ttl, now = unpack(ARGV)
local turn, state = turnOf(KEYS[2], rules, ttl, now), readBreaker(KEYS[1], name)
release = cjson.decode(release)
if state.phase == 'closed' then return cjson.encode(state) end

local released = moveTo(turn, state, 'closed', 'released')
released.by, released.why = release.by, release.why
writeBreaker(KEYS[1], released, ttl)
return cjson.encode(released)
