--- @include "breaker-record.lua"
--- @include "breaker-generation.lua"
--- @include "breaker-turn.lua"
--[[
How a breaker goes from phase to phase: the same as src/breaker/breaker-machine.ts, which tells it in full. A property compares the two.
A state is not changed in place: it is another table when something has changed.
]]
local function copy(from)
  local to = {}
  for key, value in pairs(from) do to[key] = value end
  return to
end

local function moveTo(turn, state, phase, reason)
  return {
    name = state.name,
    generation = nextGeneration(turn.counter, state.generation, turn.now, turn.ttl),
    phase = phase,
    reason = reason,
    since = turn.now,
    openings = state.openings,
    callsPerSecond = state.callsPerSecond,
    callers = state.callers,
    probes = noProbes(),
  }
end

local function openFor(turn, state, reason, openForMs)
  local open = moveTo(turn, state, 'open', reason)
  open['until'] = turn.now + math.min(openForMs, turn.rules.longestOpenMs)
  open.openings = state.openings + 1
  return open
end

-- A moment further ahead than any that is ever set was written under another clock, and counts as passed.
local function isAhead(turn, moment, longestMs)
  return moment ~= nil and moment > turn.now and moment <= turn.now + longestMs
end

local function withProbes(state, leases, kept, succeeded, failed)
  local changed = copy(state)
  if next(kept) == nil then kept = nil end
  changed.probes = { leases = leases, kept = kept, succeeded = succeeded, failed = failed }
  return changed
end

local function liveOf(turn, leases)
  local live, expired = {}, 0
  for token, expires in pairs(leases) do
    if isAhead(turn, expires, turn.rules.longestLeaseMs) then live[token] = expires else expired = expired + 1 end
  end
  return live, expired
end

local function withoutExpired(turn, state)
  local live, expired = liveOf(turn, state.probes.leases)
  local places, left = liveOf(turn, state.probes.kept or {})
  if expired == 0 and left == 0 then return state end
  return withProbes(state, live, places, state.probes.succeeded, state.probes.failed + expired)
end

local function judge(turn, state, reason, openForMs)
  local succeeded, failed = state.probes.succeeded, state.probes.failed
  if failed > 0 and succeeded == 0 or failed >= turn.rules.failuresToOpen then
    return openFor(turn, state, reason, openForMs)
  end
  if succeeded < turn.rules.successesToClose then return state end
  return moveTo(turn, state, 'closed', 'probes_succeeded')
end

local function isForgotten(turn, state)
  return state.phase == 'closed' and turn.now - state.since >= turn.rules.forgetAfterMs
end

local function tidy(turn, state, openForMs)
  if state.phase == 'isolated' and state['until'] and turn.now >= state['until'] then
    local open = moveTo(turn, state, 'open', 'isolation_expired')
    open['until'] = state['until']
    return open
  end
  if state.phase ~= 'half_open' then return state end
  return judge(turn, withoutExpired(turn, state), 'probe_expired', openForMs)
end
