--[[
fetch-and-finish: end jobs and take new ones, many at once. What one worker process and queue has to say at a moment goes in one
call: first the ends, in their order, then the fetches. It leaves behind what BullMQ's own scripts would, one job at a time.

KEYS  1 wait               list
      2 active             list
      3 prioritized        zset
      4 events             stream
      5 stalled            set
      6 limiter            string
      7 delayed            zset     score = due ms * 4096 + running number
      8 meta               hash
      9 priorityCounter    string
     10 completed          zset     score = ms
     11 failed             zset     score = ms
     12 marker             zset     wakes sleeping workers
     13 metricsCompleted   hash
     14 metricsFailed      hash
     15 deadFailed         zset     dead-lettered jobs, score = ms
     16 deadEvents         stream
     17 deadMeta           hash     its field `bwn` counts copies of ids
ARGV  1 base               what the keys of the jobs begin with
      2 deadBase           what the keys of the dead-letter queue begin with
      3 parkedBase         what the keys of the indexes of parked jobs begin with
      4 now                ms since epoch, or empty for Redis' clock
      5 lease              ms
      6 worker             name for the job's field `pb`, or empty
      7 limiterMax         jobs per limiterDuration, or empty; the queue's own limit goes first
      8 limiterDuration    ms
      9 metricsSize        data points BullMQ's metrics keep, or empty for none
     10 keepAttempts       how many attempts the history of a job keeps
     11 ends               how many ends follow
     12 fetches            how many jobs to take beside those that follow an end; their tokens follow the ends
     13 fields             how many fields of a job to answer; their names follow the tokens. 0 answers the whole hash
     14 rest               the ends, each: kind, id, token, token for the next job in its place or empty, and
          c  result, keepAge, keepCount, keepLimit                       completed
          f  message, keepAge, keepCount, keepLimit, attempts, fields    failed inside its queue; fields as msgpack
          y  delay, since, counts, fields, attempt                       runs again later; since: ms, or empty for now;
                                                                         counts: 1 when the attempt does
          p  delay, reason                                               parked
          d  record, attempt, message, stack, data, opts                 dead-lettered
          i                                                              given back
REPLY { codes, jobs, limitedForMs, nextDue, now, closed }
      codes   one per end: 0 done | -1 job gone | -2 lease expired | -3 not active | -4 children pending | -6 lease held by
              another | -9 children failed | -100 not plain: ask BullMQ's own script | -101 broke off: a key of the job is of another
              type than it should be. The job is in its place as before for every code below 0
      jobs    array of { field or field and value …, id }, perhaps fewer than asked for: first for the ends that were done, in
              their order, then for the other tokens
WRITES everything named above   COST O(ends * active + fetches + log n)
]]
--- @include "emit-event.lua"
--- @include "count-up.lua"
--- @include "append-attempt.lua"
--- @include "park-job.lua"
--- @include "enter-delayed.lua"
--- @include "mark-delayed.lua"
--- @include "enter-wait.lua"
--- @include "wake-worker.lua"
--- @include "trim-finished.lua"
--- @include "count-finished.lua"
--- @include "promote-delayed.lua"
--- @include "take-jobs.lua"
--- @include "move-to-dead-letters.lua"
--- @include "now-ms.lua"
local call = redis.call
local keys = {
  wait = KEYS[1], active = KEYS[2], prioritized = KEYS[3], events = KEYS[4], stalled = KEYS[5], limiter = KEYS[6],
  delayed = KEYS[7], meta = KEYS[8], priorityCounter = KEYS[9], completed = KEYS[10], failed = KEYS[11], marker = KEYS[12],
  metricsCompleted = KEYS[13], metricsFailed = KEYS[14], deadFailed = KEYS[15], deadEvents = KEYS[16], deadMeta = KEYS[17],
}
local base, deadBase, parkedBase = ARGV[1], ARGV[2], ARGV[3]
local now = tonumber(ARGV[4]) or nowMs()
-- As text, because Redis writes every number that a script hands it out anew, and this one goes into every job.
local nowText = string.format('%.0f', now)
local lease, worker, metricsSize, keepAttempts = ARGV[5], ARGV[6], ARGV[9], tonumber(ARGV[10])
local endCount, fetchCount, fieldCount = tonumber(ARGV[11]), tonumber(ARGV[12]), tonumber(ARGV[13])

local settings = call('HMGET', keys.meta, 'paused', 'concurrency', 'max', 'duration', 'opts.maxLenEvents')
local maxEvents = settings[5] or '10000'

-- How many words follow kind, id, token and next.
local wordCounts = { c = 4, f = 6, y = 5, p = 2, d = 6, i = 0 }
local ends = {}
local at = 14
for index = 1, endCount do
  local kind = ARGV[at]
  local id = ARGV[at + 1]
  ends[index] = { kind = kind, id = id, token = ARGV[at + 2], next = ARGV[at + 3], job = base .. id, at = at + 4 }
  at = at + 4 + wordCounts[kind]
end

-- What every end needs to know is asked for all of them at once: who holds the lease, and whether any is a parent.
local anyParent, locks = false, {}
if endCount > 0 then
  if not settings[5] then call('HSET', keys.meta, 'opts.maxLenEvents', maxEvents) end
  call('XTRIM', keys.events, 'MAXLEN', '~', maxEvents)
  local lockKeys, childKeys = {}, {}
  for index, ending in ipairs(ends) do
    ending.lock = ending.job .. ':lock'
    lockKeys[index] = ending.lock
    childKeys[2 * index - 1], childKeys[2 * index] = ending.job .. ':dependencies', ending.job .. ':unsuccessful'
  end
  locks = call('MGET', unpack(lockKeys))
  anyParent = call('EXISTS', unpack(childKeys)) > 0
end

local freed, released, unstalled = 0, {}, {}
local function release(ending)
  freed = freed + 1
  if ending.token ~= '0' then
    released[#released + 1], unstalled[#unstalled + 1] = ending.lock, ending.id
  end
end

local function leave(index, ending)
  local holder = locks[index]
  -- BullMQ's token for "without a lease": whoever ends the job so knows what they do.
  if ending.token ~= '0' then
    if not holder then return -2 end
    if holder ~= ending.token then return -6 end
  end
  if call('LREM', keys.active, -1, ending.id) == 0 then return -3 end
  ending.left = true
  return 0
end

-- Completed and failed jobs enter their set together, after the last of them.
local finished = {
  c = { set = keys.completed, metrics = keys.metricsCompleted, field = 'returnvalue', event = 'completed', scores = {}, policies = {}, number = 0 },
  f = { set = keys.failed, metrics = keys.metricsFailed, field = 'failedReason', event = 'failed', scores = {}, policies = {}, number = 0 },
}

local function finish(index, ending)
  local known = redis.pcall('HMGET', ending.job, 'timestamp', 'parentKey', 'deid', 'atm')
  if known.err then return -1 end
  if not known[1] and call('EXISTS', ending.job) == 0 then return -1 end
  if known[2] and known[2] ~= '' or known[3] then return -100 end
  if anyParent and ending.kind == 'c' then
    -- What somebody else put there and is no set names no children.
    local pending, failed = redis.pcall('SCARD', ending.job .. ':dependencies'), redis.pcall('ZCARD', ending.job .. ':unsuccessful')
    if type(pending) == 'number' and pending > 0 then return -4 end
    if type(failed) == 'number' and failed > 0 then return -9 end
  end
  local code = leave(index, ending)
  if code < 0 then return code end

  local target = finished[ending.kind]
  local value, keepAge, keepCount, keepLimit = unpack(ARGV, ending.at, ending.at + 3)
  local attemptsMade = known[4] and (tonumber(known[4]) or 0) + 1 or '1'
  if keepCount == '0' then
    local job = ending.job
    call('DEL', job, job .. ':logs', job .. ':dependencies', job .. ':processed', job .. ':failed', job .. ':unsuccessful')
  else
    call('HSET', ending.job, target.field, value, 'finishedOn', nowText, 'atm', attemptsMade)
    if ending.kind == 'f' then
      local fields = ARGV[ending.at + 5]
      if fields ~= '' then call('HSET', ending.job, unpack(cmsgpack.unpack(fields))) end
      call('HDEL', ending.job, 'defa')
    end
    local scores = target.scores
    scores[#scores + 1], scores[#scores + 2] = nowText, ending.id
    if keepAge ~= '' or keepCount ~= '-1' then
      -- Mostly all of a worker's jobs are kept alike.
      local policy = target.policies[#target.policies]
      if not policy or policy.age ~= keepAge or policy.count ~= keepCount then
        policy = { age = keepAge, count = keepCount, limit = 0 }
        target.policies[#target.policies + 1] = policy
      end
      -- Each job that ends may remove so many that are too old.
      policy.limit = policy.limit + tonumber(keepLimit)
    end
  end
  call('XADD', keys.events, '*', 'event', target.event, 'jobId', ending.id, target.field, value, 'prev', 'active')
  if ending.kind == 'f' and tonumber(attemptsMade) >= tonumber(ARGV[ending.at + 4]) then
    call('XADD', keys.events, '*', 'event', 'retries-exhausted', 'jobId', ending.id, 'attemptsMade', attemptsMade)
  end
  target.number = target.number + 1
  if ending.next == '' then target.unasked = true end
  return 0
end

-- Each kind of end beyond those: what is done with a job that has left `active`.
local others = {
  y = function(ending)
    local delay, since, counts, fields, attempt = unpack(ARGV, ending.at, ending.at + 4)
    if fields ~= '' then call('HSET', ending.job, unpack(cmsgpack.unpack(fields))) end
    appendAttempt(ending.job, attempt, keepAttempts)
    if counts == '1' then countUp(ending.job, 'atm') end
    call('HSET', ending.job, 'delay', delay)
    enterDelayed(keys.delayed, keys.events, maxEvents, ending.id, tonumber(since) or now, tonumber(delay))
  end,
  p = function(ending)
    local delay, reason = unpack(ARGV, ending.at, ending.at + 1)
    parkJob(keys, maxEvents, parkedBase, ending.job, ending.id, now, delay, reason)
  end,
  d = function(ending)
    local record, attempt, message, stack, data, opts = unpack(ARGV, ending.at, ending.at + 5)
    moveToDeadLetters(keys, base, deadBase, ending.id, now, {
      record = record, attempt = attempt, keep = keepAttempts, message = message, stack = stack, data = data, opts = opts,
    })
  end,
  i = function(ending)
    keys.job = ending.job
    enterWait(keys, ending.id, 'active', true)
  end,
}

-- Asks for one thing of every key beside the job's own that an end enters: one of another type breaks the end off while the job is
-- still in its place.
local function checkTypes(ending)
  local kind, target = ending.kind, finished[ending.kind]
  if target then
    target.checked = target.checked or call('ZCARD', target.set)
  elseif kind == 'd' then
    call('ZCARD', keys.deadFailed)
    call('XLEN', keys.deadEvents)
    call('HLEN', keys.deadMeta)
    call('ZCARD', keys.marker)
  elseif kind == 'i' then
    call('LLEN', keys.wait)
    call('ZCARD', keys.prioritized)
    call('ZCARD', keys.marker)
  else
    call('ZCARD', keys.delayed)
    if kind == 'p' then call('ZCARD', parkedBase .. ARGV[ending.at + 1]) end
  end
end

local function act(index, ending)
  checkTypes(ending)
  local other = others[ending.kind]
  if not other then return finish(index, ending) end
  if call('TYPE', ending.job).ok ~= 'hash' then return -1 end
  local code = leave(index, ending)
  if code == 0 then other(ending) end
  return code
end

local codes, tokens, delays = {}, {}, {}
for index, ending in ipairs(ends) do
  -- Redis takes nothing back: an error that got out of here would leave the jobs before this one in no list at all.
  local sound, code = pcall(act, index, ending)
  if not sound then
    if ending.left then call('LPUSH', keys.active, ending.id) end
    code = -101
  end
  codes[index] = code
  if code == 0 then
    release(ending)
    if ending.kind == 'y' or ending.kind == 'p' then
      delays[#delays + 1] = ending.next == '' and math.huge or #tokens + 1
    end
    if ending.next ~= '' then tokens[#tokens + 1] = ending.next end
  end
end
for index = at, at + fetchCount - 1 do tokens[#tokens + 1] = ARGV[index] end
-- First of all, so that nothing below can leave these jobs in no list.
for _, target in pairs(finished) do
  if #target.scores > 0 then call('ZADD', target.set, unpack(target.scores)) end
end
if #released > 0 then call('DEL', unpack(released)) end
if #unstalled > 0 then call('SREM', keys.stalled, unpack(unstalled)) end
for kind, target in pairs(finished) do
  for _, policy in ipairs(target.policies) do trimFinished(target.set, base, now, kind == 'f', policy) end
  if target.number > 0 and metricsSize ~= '' then countFinished(target.metrics, target.number, metricsSize, now) end
end

local jobs, limitedForMs, nextDue, closed = {}, 0, 0, false
if #tokens > 0 then
  local room = settings[2] and tonumber(settings[2]) - call('LLEN', keys.active) or math.huge
  if settings[1] then room = 0 end
  closed = room <= 0
  local next = promoteDelayed(keys, base, now, closed)
  jobs, limitedForMs = takeJobs(keys, base, tokens, nowText, {
    lease = lease, worker = worker, fields = { unpack(ARGV, at + fetchCount, at + fetchCount + fieldCount - 1) },
    room = room,
    limiterMax = tonumber(settings[3]) or tonumber(ARGV[7]), limiterDuration = tonumber(ARGV[8]) or tonumber(settings[4]),
  })
  if #jobs < #tokens and limitedForMs == 0 then nextDue = math.floor(next or 0) end
end
-- Whoever sleeps is told when the first delayed job is due, unless the slots that were given up for it are taken again: they ask.
for _, slot in ipairs(delays) do
  if slot > #jobs then
    markDelayed(keys.marker, keys.delayed)
    break
  end
end
local wasFinished = finished.c.number + finished.f.number > 0
local wasLast = #jobs == 0 and limitedForMs == 0 and nextDue == 0 and not closed
local maybeDrained = wasFinished and (wasLast or finished.c.unasked or finished.f.unasked)
-- Under a global limit a freed place is news for workers that sleep; starting a job has told them already.
local isNews = settings[2] and freed > 0 and #jobs == 0 and not closed
if maybeDrained or isNews then
  if call('LLEN', keys.wait) + call('ZCARD', keys.prioritized) > 0 then
    if isNews then wakeWorker(keys.marker, keys.meta) end
  elseif maybeDrained and call('LLEN', keys.active) == 0 then
    call('XADD', keys.events, '*', 'event', 'drained')
  end
end
return { codes, jobs, limitedForMs, nextDue, now, closed and 1 or 0 }
