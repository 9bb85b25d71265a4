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
      4 ledgerBase         what the keys of the effect ledger begin with, or empty for none
      5 now                ms since epoch, or empty for Redis' clock
      6 lease              ms
      7 worker             name for the job's field `pb`, or empty
      8 limiterMax         jobs per limiterDuration, or empty; the queue's own limit goes first
      9 limiterDuration    ms
     10 metricsSize        data points BullMQ's metrics keep, or empty for none
     11 keepAttempts       how many attempts the history of a job keeps
     12 keepKeys           ms for which the ledger keeps a key
     13 ends               how many ends follow
     14 fetches            how many jobs to take beside those that follow an end; their tokens follow the ends
     15 answer             what is wanted of a job: its `fields`, as below; its `head`, the same without data; its `whole` hash
     16 turns              the key of the turns of the tenants
     17 tenantRuns         the key of the hash that counts how many jobs of each tenant run
     18 tenantSlots        how many jobs of one tenant run at once, 0 for any number; or empty where tenants have no turns
     19 rest               the ends, each: kind, id, token, token for the next job in its place or empty, and
          c  result, keep, won                             completed; keep: age/count/limit of the finished jobs that stay;
                                                           won: what it says of the key that it has, or empty
          b  result, keep, won, breaker                    completed by its fallback, for which breaker
          f  message, keep, attempts, fields               failed inside its queue; fields as msgpack
          y  delay, since, counts, fields, attempt         runs again later; since: ms, or empty for now; counts: 1 when the
                                                           attempt does
          p  delay, reason                                 parked
          s  delay, reason, cause                          parked, and why work gave way
          d  record, attempt, message, stack, data, opts, won, failure
                                                           dead-lettered; failure: what the ledger is to keep as the
                                                           end of its key, or empty
          i  reason                                        given back
REPLY { codes, jobs, limitedForMs, nextDue, now, closed, limits }
      codes   one per end: 0 done | -1 job gone | -2 lease expired | -3 not active | -4 children pending | -6 lease held by
              another | -9 children failed | -100 not plain: ask BullMQ's own script | -101 broke off: a key of the job is of another
              type than it should be. The job is in its place as before for every code below 0
      jobs    array of { value …, id } of ats, name, data, opts, timestamp, atm, parentKey, parent, rjk, defa, claim, or of the
              whole hash as { field, value …, id }; perhaps fewer than asked for: first for the ends that were done, in their order,
              then for the other tokens
      limits  1 when the queue itself says how many of its jobs run or start at most
WRITES everything named above   COST O(ends * active + fetches + log n)
]]
--- @include "emit-event.lua"
--- @include "count-up.lua"
--- @include "append-attempt.lua"
--- @include "append-trail.lua"
--- @include "park-job.lua"
--- @include "enter-delayed.lua"
--- @include "mark-delayed.lua"
--- @include "enter-by-age.lua"
--- @include "wake-worker.lua"
--- @include "trim-finished.lua"
--- @include "count-finished.lua"
--- @include "promote-delayed.lua"
--- @include "take-jobs.lua"
--- @include "move-to-dead-letters.lua"
--- @include "../../idempotency/lua/ledger.lua"
local call = redis.call
local keys = {
  wait = KEYS[1], active = KEYS[2], prioritized = KEYS[3], events = KEYS[4], stalled = KEYS[5], limiter = KEYS[6],
  delayed = KEYS[7], meta = KEYS[8], priorityCounter = KEYS[9], completed = KEYS[10], failed = KEYS[11], marker = KEYS[12],
  metricsCompleted = KEYS[13], metricsFailed = KEYS[14], deadFailed = KEYS[15], deadEvents = KEYS[16], deadMeta = KEYS[17],
  turns = ARGV[16], tenantRuns = ARGV[17],
}
local base, deadBase, parkedBase = ARGV[1], ARGV[2], ARGV[3]
local ledgerBase, keepKeys = ARGV[4], ARGV[12]
local now = tonumber(ARGV[5]) or nowMs()
-- As text, because Redis writes every number that a script hands it out anew, and this one goes into every job.
local nowText = string.format('%.0f', now)
local lease, worker, metricsSize, keepAttempts = ARGV[6], ARGV[7], ARGV[10], tonumber(ARGV[11])
local endCount, fetchCount, hasTurns = tonumber(ARGV[13]), tonumber(ARGV[14]), ARGV[18] ~= ''
local tenantSlots = hasTurns and ARGV[18] ~= '0' and tonumber(ARGV[18])

local settings = call('HMGET', keys.meta, 'paused', 'concurrency', 'max', 'duration', 'opts.maxLenEvents')
local maxEvents = settings[5] or '10000'

-- How many words an end has, kind, id, token and next among them.
local wordCounts = { c = 7, b = 8, f = 8, y = 9, p = 6, s = 7, d = 12, i = 5 }
-- Of every end: where its words begin, and the keys of its job and of the lease.
local ends, jobKeys, locks = {}, {}, {}
local at = 19
for index = 1, endCount do
  local job = base .. ARGV[at + 1]
  ends[index], jobKeys[index], locks[index] = at, job, job .. ':lock'
  at = at + wordCounts[ARGV[at]]
end

-- What every end needs to know is asked for all of them at once: who holds the lease, whether any completes a parent, and whether
-- `active` is so long that a job should be looked for from both ends.
local holders, anyParent, isLong = {}, false, false
if endCount > 0 then
  if not settings[5] then call('HSET', keys.meta, 'opts.maxLenEvents', maxEvents) end
  call('XTRIM', keys.events, 'MAXLEN', '~', maxEvents)
  holders = call('MGET', unpack(locks))
  isLong = call('LLEN', keys.active) > 100
  local childKeys = {}
  for index = 1, endCount do
    local kind = ARGV[ends[index]]
    if kind == 'c' or kind == 'b' then
      local job, next = jobKeys[index], #childKeys
      childKeys[next + 1], childKeys[next + 2] = job .. ':dependencies', job .. ':unsuccessful'
    end
  end
  anyParent = #childKeys > 0 and call('EXISTS', unpack(childKeys)) > 0
end

-- Set when the job of the end at hand has left `active`.
local hasLeft = false

local function leave(index)
  local token, holder, id = ARGV[ends[index] + 2], holders[index], ARGV[ends[index] + 1]
  -- BullMQ's token for "without a lease": whoever ends the job so knows what they do.
  if token ~= '0' then
    if not holder then return -2 end
    if holder ~= token then return -6 end
  end
  -- Jobs enter at the head, and mostly the oldest end first. In a long list those that take long lie at the tail, and those that
  -- come and go near the head.
  local from = isLong and not call('LPOS', keys.active, id, 'RANK', -1, 'MAXLEN', 64) and 1 or -1
  if call('LREM', keys.active, from, id) == 0 then return -3 end
  hasLeft = true
  return 0
end

-- What jobs say of their keys is written together. Whoever takes a key from a job has seen to it that the job has no lease, and gets none.
local records = {}
-- Completed and failed jobs enter their set together, after the last of them.
local finished = {}
local function finishedAs(kind)
  local isFailure = kind == 'f'
  local set = isFailure and keys.failed or keys.completed
  -- One of another type breaks the end off while the job is still in its place.
  call('ZCARD', set)
  finished[kind] = {
    set = set, isFailure = isFailure,
    metrics = isFailure and keys.metricsFailed or keys.metricsCompleted,
    field = isFailure and 'failedReason' or 'returnvalue',
    event = isFailure and 'failed' or 'completed',
    scores = {}, policies = {}, number = 0,
  }
  return finished[kind]
end

-- Mostly all jobs of a worker are kept alike.
local function keepBy(target, keep)
  local policy = target.policies[keep]
  if not policy then
    local age, count, limit = string.match(keep, '^(.-)/(.-)/(.-)$')
    policy = { age = tonumber(age), count = tonumber(count) or -1, each = tonumber(limit) or 0, limit = 0 }
    target.policies[keep] = policy
  end
  -- Each job that ends may remove so many that are too old.
  policy.limit = policy.limit + policy.each
end

local function finish(index, word)
  local first, job, kind = ends[index], jobKeys[index], word == 'f' and 'f' or 'c'
  local id, value = ARGV[first + 1], ARGV[first + 4]
  local target = finished[kind] or finishedAs(kind)
  local known = redis.pcall('HMGET', job, 'timestamp', 'parentKey', 'deid', 'atm')
  if known.err then return -1 end
  if not known[1] and call('EXISTS', job) == 0 then return -1 end
  if known[2] and known[2] ~= '' or known[3] then return -100 end
  if anyParent and kind == 'c' then
    -- What somebody else put there and is no set names no children.
    local pending, failed = redis.pcall('SCARD', job .. ':dependencies'), redis.pcall('ZCARD', job .. ':unsuccessful')
    if type(pending) == 'number' and pending > 0 then return -4 end
    if type(failed) == 'number' and failed > 0 then return -9 end
  end
  local code = leave(index)
  if code < 0 then return code end

  local won = kind == 'c' and ARGV[first + 6] or ''
  if won ~= '' then addRecord(records, won, id, value) end
  local keep = ARGV[first + 5]
  local attemptsMade = known[4] and (tonumber(known[4]) or 0) + 1 or '1'
  if string.find(keep, '/0/', 1, true) then
    call('DEL', job, job .. ':logs', job .. ':dependencies', job .. ':processed', job .. ':failed', job .. ':unsuccessful')
  else
    call('HSET', job, target.field, value, 'finishedOn', nowText, 'atm', attemptsMade)
    if kind == 'f' then
      local fields = ARGV[first + 7]
      if fields ~= '' then call('HSET', job, unpack(cmsgpack.unpack(fields))) end
      call('HDEL', job, 'defa')
    end
    if word == 'b' then
      local breaker = ARGV[first + 7]
      call('HSET', job, 'bwf', breaker)
      appendTrail(job, cjson.encode({ at = now, what = 'fallback', breaker = breaker }))
    end
    local scores = target.scores
    local next = #scores
    scores[next + 1], scores[next + 2] = nowText, id
    keepBy(target, keep)
  end
  call('XADD', keys.events, '*', 'event', target.event, 'jobId', id, target.field, value, 'prev', 'active')
  if kind == 'f' and tonumber(attemptsMade) >= tonumber(ARGV[first + 6]) then
    call('XADD', keys.events, '*', 'event', 'retries-exhausted', 'jobId', id, 'attemptsMade', attemptsMade)
  end
  target.number = target.number + 1
  if ARGV[first + 3] == '' then target.unasked = true end
  return 0
end

-- Asks for one thing of every key beside the job's own that an end enters: one of another type breaks the end off while the job is
-- still in its place.
local function checkTypes(kind)
  if kind == 'd' then
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
  end
end

local function endOtherwise(index, kind)
  local first, job = ends[index], jobKeys[index]
  local id = ARGV[first + 1]
  checkTypes(kind)
  if call('TYPE', job).ok ~= 'hash' then return -1 end
  local code = leave(index)
  if code < 0 then return code end
  local won = kind == 'd' and ARGV[first + 10] or ''
  if won ~= '' then addRecord(records, won, id, ARGV[first + 11]) end
  if kind == 'y' then
    local delay, since, counts, fields, attempt = unpack(ARGV, first + 4, first + 8)
    if fields ~= '' then call('HSET', job, unpack(cmsgpack.unpack(fields))) end
    appendAttempt(job, attempt, keepAttempts)
    if counts == '1' then countUp(job, 'atm') end
    call('HSET', job, 'delay', delay)
    enterDelayed(keys.delayed, keys.events, maxEvents, id, tonumber(since) or now, tonumber(delay))
  elseif kind == 'p' or kind == 's' then
    local cause = kind == 's' and ARGV[first + 6] or nil
    parkJob(keys, maxEvents, parkedBase, job, id, now, ARGV[first + 4], ARGV[first + 5], cause)
  elseif kind == 'd' then
    local record, attempt, message, stack, data, opts = unpack(ARGV, first + 4, first + 9)
    moveToDeadLetters(keys, base, deadBase, id, now, {
      record = record, attempt = attempt, keep = keepAttempts, message = message, stack = stack, data = data, opts = opts,
    })
  else
    keys.job = job
    appendTrail(job, cjson.encode({ at = now, what = 'given_back', reason = ARGV[first + 4], by = worker }))
    enterByAge(keys, base, id, 'active')
  end
  return 0
end

local codes, tokens, delays, freed, released, unstalled, shares = {}, {}, {}, 0, {}, {}, {}
for index = 1, endCount do
  local first = ends[index]
  local kind, id, next = ARGV[first], ARGV[first + 1], ARGV[first + 3]
  hasLeft = false
  -- Its hash may be gone with it.
  local share = tenantSlots and redis.pcall('HGET', jobKeys[index], 'bwo')
  -- Redis takes nothing back: an error that got out of here would leave the jobs before this one in no list at all.
  local sound, code = pcall((kind == 'c' or kind == 'b' or kind == 'f') and finish or endOtherwise, index, kind)
  if not sound then
    if hasLeft then call('LPUSH', keys.active, id) end
    code = -101
  end
  codes[index] = code
  if code == 0 then
    freed = freed + 1
    if ARGV[first + 2] ~= '0' then released[#released + 1], unstalled[#unstalled + 1] = locks[index], id end
    if kind == 'y' or kind == 'p' or kind == 's' then delays[#delays + 1] = next == '' and math.huge or #tokens + 1 end
    if next ~= '' then tokens[#tokens + 1] = next end
    if type(share) == 'string' then shares[#shares + 1] = share end
  end
end
for index = at, at + fetchCount - 1 do tokens[#tokens + 1] = ARGV[index] end
-- First of all, so that nothing below can leave these jobs in no list.
for _, target in pairs(finished) do
  if #target.scores > 0 then call('ZADD', target.set, unpack(target.scores)) end
end
if #records > 0 then writeRecords(ledgerBase, tonumber(keepKeys), records) end
if #released > 0 then call('DEL', unpack(released)) end
if #unstalled > 0 then call('SREM', keys.stalled, unpack(unstalled)) end
for _, target in pairs(finished) do
  for _, policy in pairs(target.policies) do trimFinished(target.set, base, now, target.isFailure, policy) end
  if target.number > 0 and metricsSize ~= '' then countFinished(target.metrics, target.number, metricsSize, now) end
end

for _, share in ipairs(shares) do leaveTenantSlot(keys, base, parkedBase, now, share) end

local jobs, limitedForMs, nextDue, closed = {}, 0, 0, false
if #tokens > 0 then
  local room = settings[2] and tonumber(settings[2]) - call('LLEN', keys.active) or math.huge
  if settings[1] then room = 0 end
  closed = room <= 0
  local next = promoteDelayed(keys, base, now, closed)
  jobs, limitedForMs = takeJobs(keys, base, tokens, nowText, {
    lease = lease, worker = worker, answer = ARGV[15], room = room, ledgerBase = ledgerBase, keepKeys = keepKeys,
    hasTurns = hasTurns, slots = tenantSlots and openTenantSlots(keys, base, parkedBase, maxEvents, now, tenantSlots),
    limiterMax = tonumber(settings[3]) or tonumber(ARGV[8]), limiterDuration = tonumber(ARGV[9]) or tonumber(settings[4]),
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
local wasFinished, unasked = false, false
for _, target in pairs(finished) do
  wasFinished, unasked = wasFinished or target.number > 0, unasked or target.unasked
end
local wasLast = #jobs == 0 and limitedForMs == 0 and nextDue == 0 and not closed
local maybeDrained = wasFinished and (wasLast or unasked)
-- Under a global limit a freed place is news for workers that sleep; starting a job has told them already.
local isNews = settings[2] and freed > 0 and #jobs == 0 and not closed
if maybeDrained or isNews then
  if call('LLEN', keys.wait) + call('ZCARD', keys.prioritized) > 0 then
    if isNews then wakeWorker(keys.marker, keys.meta) end
  elseif maybeDrained and call('LLEN', keys.active) == 0 then
    call('XADD', keys.events, '*', 'event', 'drained')
  end
end
return { codes, jobs, limitedForMs, nextDue, now, closed and 1 or 0, (settings[2] or settings[3]) and 1 or 0 }
