--[[
Turns between the tenants of a queue: start-time fair queueing in BullMQ's own `prioritized`. A job gets its turn when it begins to wait: one
step, divided by its tenant's weight, after the turn before of this tenant; or five steps before now, if that is later. So the order is decided
once, and all workers serve in it, BullMQ's too. The five steps are a credit of who takes less than its share: its jobs come a few at a time, and
would have to alternate with a flood. Without it 99 of 100 waited half as long again in a model of ten tenants; more than five changed nothing.

Those who have credit for it go in the order in which they came, whoever's they are, for five jobs of each. In the order of their turns the first job
of one would overtake the third of another, and 99 of 100 would wait a fifth longer: as a line they wait as if the flood gave way to all of them.

Turns are scores behind that of jobs which were given back, BullMQ's priority 1 without a number: those go first. `turns` keeps of each
tenant when its next turn is, as long as that matters, and `now`: the turn of the last job that was taken. It goes on by one with each job that
gets in line, so that those keep their order, and nobody is kept for ever. Once nobody waits, time starts over.

Jobs that come back after they were set aside take turns of their own, so that they need not wait behind all that their tenant enqueued since:
a tenant has at most twice its share then.
]]
local turnStep = 10000
local creditJobs = 5
local turnCredit = creditJobs * turnStep
local firstTurn = 0x100000001 + turnCredit

--[[
Asks what time it is in the turns of a queue. What somebody else put in their place, and is none, is removed.
]]
local function openTurns(keys)
  if redis.call('TYPE', keys.turns).ok ~= 'zset' then redis.call('DEL', keys.turns) end
  local head = redis.call('ZRANGE', keys.prioritized, 0, 0, 'WITHSCORES')
  local now = firstTurn
  if not head[1] then
    redis.call('DEL', keys.turns)
  else
    -- Whoever was given back stands at the head with a turn that is over.
    now = math.max(now, math.floor(tonumber(redis.call('ZSCORE', keys.turns, 'now') or 0)))
    -- Plain BullMQ's workers do not tell what they took: at least what lies a step before the next. Far behind lies what BullMQ put there with
    -- a priority of its own.
    local next = math.floor(tonumber(head[2]))
    if next < 2 ^ 52 then now = math.max(now, next - turnStep) end
  end
  return { keys = keys, now = now, next = {} }
end

--[[
Reads the field `bwo` of a job: weight and tenant. A long name is shortened to its digest.
]]
local function readShare(share)
  local weight, tenant = string.match(share, '^(%d%d?%d?) (.*)$')
  tenant = tenant or share
  if #tenant > 64 then tenant = redis.sha1hex(tenant) end
  return math.min(math.max(tonumber(weight) or 1, 1), 100), tenant
end

--[[
Puts a job into `prioritized` when its turn is. `lane` is "new" or "back": the turns of the second end in a half, which tells them apart as long as
the job waits, and puts none before another.
]]
local function takeTurn(turns, id, share, lane)
  local weight, tenant = readShare(share)
  local name = lane .. ':' .. tenant
  local line, each = turns.now - turnCredit, math.floor(turnStep / weight)
  local turn = math.max(line, turns.next[name] or tonumber(redis.call('ZSCORE', turns.keys.turns, name) or 0))
  turns.next[name] = turn + each
  if turn <= line + (creditJobs - 1) * each then
    turn = line
    turns.now = turns.now + 1
  end
  redis.call('ZADD', turns.keys.prioritized, lane == 'back' and turn + 0.5 or turn, id)
end

--[[
Gives the turn of a job back that was called off while it waited for it. Else a tenant that calls a flood off would go on behind all of it, for as long
as somebody always waits. Each lane gets its own back. A job that a worker gave back stands before all turns, and has had its own.
]]
local function giveTurnBack(turnsKey, share, turn)
  if turn < firstTurn - turnCredit then return end
  local weight, tenant = readShare(share)
  local lane = turn % 1 == 0 and 'new:' or 'back:'
  -- What somebody else put in their place, and is none, is no turn.
  redis.pcall('ZADD', turnsKey, 'XX', 'INCR', -math.floor(turnStep / weight), lane .. tenant)
end

--[[
Keeps what was taken, and forgets what is over. An idle queue forgets all of it in a day.
]]
local function closeTurns(turns)
  local key, scores = turns.keys.turns, { turns.now, 'now' }
  for name, turn in pairs(turns.next) do
    scores[#scores + 1] = turn
    scores[#scores + 1] = name
    -- More would not fit on the stack of the script.
    if #scores >= 1000 then
      redis.call('ZADD', key, unpack(scores))
      scores = {}
    end
  end
  if #scores > 0 then redis.call('ZADD', key, unpack(scores)) end
  redis.call('ZREMRANGEBYSCORE', key, '-inf', '(' .. string.format('%.0f', turns.now - turnCredit))
  redis.call('PEXPIRE', key, 86400000)
end
