--[[
breaker-tidy: do to one breaker what time alone does: count leases that expired, end an isolation, forget what was closed for long or
cannot be read.

KEYS  1 breakers   hash     name to BreakerState, JSON
      2 generation counter  of all transitions
      3 leader     hash     who leads
ARGV  1 name       of the breaker
      2 openForMs  for how long it opens if probes have failed
      3 rules      BreakerRules, JSON
      4 ttl        ms for which breakers are kept
      5 now        ms since the epoch; empty for Redis' clock
      6 epoch      of the leader
REPLY { code, state }
      code  1 changed | 0 unchanged | 2 forgotten | -2 leader deposed
      state BreakerState, JSON; empty when deposed or forgotten
WRITES breakers, generation   COST O(1)
]]
--- @include "breaker-machine.lua"
local name, openForMs, rules, ttl, now, epoch = unpack(ARGV)
if redis.call('HGET', KEYS[3], 'epoch') ~= epoch then return { -2, '' } end

local turn, before = turnOf(KEYS[2], rules, ttl, now), readBreaker(KEYS[1], name)
if isForgotten(turn, before) then
  if redis.pcall('HDEL', KEYS[1], name) ~= 1 then return { 0, cjson.encode(before) } end
  nextGeneration(KEYS[2], before.generation, turn.now, ttl)
  return { 2, '' }
end
local state = tidy(turn, before, tonumber(openForMs))
if state == before then return { 0, cjson.encode(state) } end
writeBreaker(KEYS[1], state, ttl)
return { 1, cjson.encode(state) }
