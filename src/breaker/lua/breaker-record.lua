--[[
How a breaker lies in Redis: a field of the hash of breakers, its BreakerState as JSON. What somebody else wrote there, and is none, counts
as a breaker that nobody has heard of, and is overwritten by its next transition.
]]
local phases = { closed = true, open = true, half_open = true, isolated = true }

-- cjson writes fourteen digits: with more a number would not come back as it was.
local function isAmount(value)
  return type(value) == 'number' and value >= 0 and value < 1e14
end

local function isWord(value)
  return value == nil or type(value) == 'string'
end

local function areLeases(leases)
  if type(leases) ~= 'table' then return false end
  for _, expires in pairs(leases) do
    if not isAmount(expires) then return false end
  end
  return true
end

local function isBreaker(state, name)
  if type(state) ~= 'table' or state.name ~= name or not phases[state.phase] or type(state.reason) ~= 'string' then
    return false
  end
  for _, field in ipairs({ 'generation', 'since', 'openings', 'callsPerSecond', 'callers' }) do
    if not isAmount(state[field]) then return false end
  end
  if state['until'] ~= nil and not isAmount(state['until']) then return false end
  if not isWord(state.by) or not isWord(state.why) then return false end
  local probes = state.probes
  if type(probes) ~= 'table' or not isAmount(probes.succeeded) or not isAmount(probes.failed) then return false end
  return areLeases(probes.leases) and (probes.kept == nil or areLeases(probes.kept))
end

local function noProbes()
  return { leases = {}, succeeded = 0, failed = 0 }
end

local function readBreaker(key, name)
  local text = redis.pcall('HGET', key, name)
  local parsed, state = pcall(cjson.decode, type(text) == 'string' and text or '')
  if parsed and isBreaker(state, name) then return state end
  return {
    name = name,
    generation = 0,
    phase = 'closed',
    reason = 'released',
    since = 0,
    openings = 0,
    callsPerSecond = 0,
    callers = 0,
    probes = noProbes(),
  }
end

local function writeBreaker(key, state, ttl)
  if redis.call('TYPE', key).ok ~= 'hash' then redis.call('DEL', key) end
  -- What is kept without an end holds an isolation, which is an operator's to end; whoever lists the breakers sees when none is left.
  local isKept = redis.call('PTTL', key) == -1
  redis.call('HSET', key, state.name, cjson.encode(state))
  if state.phase == 'isolated' then redis.call('PERSIST', key) elseif not isKept then redis.call('PEXPIRE', key, ttl) end
end
