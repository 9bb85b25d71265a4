--[[
breaker-trip: open a closed breaker, on the leader's verdict.

KEYS  1 breakers   hash     name to BreakerState, JSON
      2 generation counter  of all transitions
      3 leader     hash     who leads
ARGV  1 name       of the breaker
      2 verdict    TripVerdict, JSON
      3 rules      BreakerRules, JSON
      4 ttl        ms for which breakers are kept
      5 now        ms since the epoch; empty for Redis' clock
      6 epoch      of the leader
      7 most       how many breakers may be kept
REPLY 0 tripped | -1 stale: not closed, or of another generation | -2 leader deposed | -3 too many breakers
WRITES breakers, generation   COST O(1)
]]
--- @include "breaker-machine.lua"
local name, verdict, rules, ttl, now, epoch, most = unpack(ARGV)
if redis.call('HGET', KEYS[3], 'epoch') ~= epoch then return -2 end

local turn, state = turnOf(KEYS[2], rules, ttl, now), readBreaker(KEYS[1], name)
verdict = cjson.decode(verdict)
if state.phase ~= 'closed' or state.generation ~= verdict.generation then return -1 end
local isNew = redis.pcall('HEXISTS', KEYS[1], name) == 0
if isNew and redis.call('HLEN', KEYS[1]) >= tonumber(most) then return -3 end

local closed = copy(state)
if isForgotten(turn, state) then closed.openings = 0 end
local isRelapse = state.callsPerSecond > 0 and turn.now - state.since < turn.rules.unsteadyForMs
if not isRelapse then closed.callsPerSecond, closed.callers = verdict.callsPerSecond, verdict.callers end
writeBreaker(KEYS[1], openFor(turn, closed, verdict.reason, verdict.openForMs), ttl)
return 0
