--[[
breaker-settle: count what a probe came to. Whoever settles a lease that is no more changes nothing.

KEYS  1 breakers   hash     name to BreakerState, JSON
      2 generation counter  of all transitions
ARGV  1 name       of the breaker
      2 outcome    ProbeOutcome, JSON
      3 rules      BreakerRules, JSON
      4 ttl        ms for which breakers are kept
      5 now        ms since the epoch; empty for Redis' clock
REPLY 0 counted | -1 stale
WRITES breakers, generation   COST O(1)
]]
--- @include "breaker-machine.lua"
local name, outcome, rules, ttl, now = unpack(ARGV)
local turn, before = turnOf(KEYS[2], rules, ttl, now), readBreaker(KEYS[1], name)
outcome = cjson.decode(outcome)

-- A call that was not made can only give its place back.
local function isMine(state)
  if state.phase ~= 'half_open' or state.generation ~= outcome.generation then return false end
  local isKept = outcome.result == 'ignored' and (state.probes.kept or {})[outcome.token]
  return state.probes.leases[outcome.token] or isKept
end

if not isMine(before) then return -1 end
local state = tidy(turn, before, outcome.openForMs)
if not isMine(state) then
  writeBreaker(KEYS[1], state, ttl)
  return -1
end
local leases, kept = copy(state.probes.leases), copy(state.probes.kept or {})
local succeeded, failed = state.probes.succeeded, state.probes.failed
leases[outcome.token], kept[outcome.token] = nil, nil
if outcome.result == 'succeeded' then succeeded = succeeded + 1 end
if outcome.result == 'failed' then failed = failed + 1 end
local settled = withProbes(state, leases, kept, succeeded, failed)
writeBreaker(KEYS[1], judge(turn, settled, 'probe_failed', outcome.openForMs), ttl)
return 0
