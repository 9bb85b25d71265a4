--[[
breaker-ask: ask for the right to make one call of a breaker that is not closed.

KEYS  1 breakers   hash     name to BreakerState, JSON
      2 generation counter  of all transitions
ARGV  1 name       of the breaker
      2 request    ProbeRequest, JSON
      3 rules      BreakerRules, JSON
      4 ttl        ms for which breakers are kept
      5 now        ms since the epoch; empty for Redis' clock
REPLY { code, state, retryAfterMs }
      code  1 probe: the lease is under the generation of the state | 0 pass: it is closed | -1 refused
WRITES breakers, generation   COST O(1)
]]
--- @include "breaker-machine.lua"
local name, request, rules, ttl, now = unpack(ARGV)
local turn, before = turnOf(KEYS[2], rules, ttl, now), readBreaker(KEYS[1], name)
request = cjson.decode(request)

local function countOf(leases)
  local count = 0
  for _ in pairs(leases) do count = count + 1 end
  return count
end

local function leased(state)
  local leases, kept = copy(state.probes.leases), copy(state.probes.kept or {})
  local isCall = request.begins or leases[request.token] ~= nil
  local underWay = countOf(leases) + (isCall and 0 or countOf(kept))
  local succeeded, failed = state.probes.succeeded, state.probes.failed
  local hasRoom = underWay + succeeded + failed < turn.rules.probes
  if succeeded == 0 then hasRoom = underWay == 0 end
  local places = isCall and leases or kept
  if not hasRoom and not places[request.token] then return nil end
  if isCall then kept[request.token] = nil end
  places[request.token] = turn.now + math.min(request.leaseMs, turn.rules.longestLeaseMs)
  return withProbes(state, leases, kept, succeeded, failed)
end

local function answer(code, state, retryAfterMs)
  if state ~= before then writeBreaker(KEYS[1], state, ttl) end
  return { code, cjson.encode(state), retryAfterMs }
end

local state = tidy(turn, before, request.openForMs)
if state.phase == 'closed' then return answer(0, state, 0) end
if state.phase == 'isolated' then
  return answer(-1, state, state['until'] and state['until'] - turn.now or turn.rules.isolatedRetryMs)
end
if state.phase == 'open' then
  if isAhead(turn, state['until'], turn.rules.longestOpenMs) then return answer(-1, state, state['until'] - turn.now) end
  state = moveTo(turn, state, 'half_open', state.reason)
end
local probing = leased(state)
if probing then return answer(1, probing, 0) end
return answer(-1, state, turn.rules.busyRetryMs)
