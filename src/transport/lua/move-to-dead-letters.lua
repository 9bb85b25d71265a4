--- @include "emit-event.lua"
--- @include "append-attempt.lua"
--- @include "wake-worker.lua"
--- @include "count-up.lua"
--- @include "move-job.lua"
--[[
Moves a job that has left its list to the dead-letter queue, by renaming its hash: nothing of it is copied and nothing is lost,
however large it is. When an id dies again, its earlier death gets a suffix, ~1, ~2 …, so that the newest lies where whoever waits
for the job looks.

letter: record, attempt, keep, message, stack, data, opts, from; attempt, data and opts may be empty. from: the state it had, `active`
when left out.
]]
local function moveToDeadLetters(keys, base, deadBase, id, now, letter)
  local job, dead = base .. id, deadBase .. id
  if redis.call('EXISTS', dead) == 1 then
    local aside = id
    while redis.call('EXISTS', deadBase .. aside) == 1 do
      aside = id .. '~' .. redis.call('HINCRBY', keys.deadMeta, 'bwn', 1)
    end
    moveJob(dead, deadBase .. aside)
    local diedAt = redis.call('ZSCORE', keys.deadFailed, id)
    if diedAt then redis.call('ZADD', keys.deadFailed, diedAt, aside) end
  end

  appendAttempt(job, letter.attempt, letter.keep)
  if letter.attempt ~= '' then countUp(job, 'atm') end
  redis.call('HSET', job, 'bwd', letter.record, 'failedReason', letter.message, 'stacktrace', letter.stack, 'finishedOn', now)
  if letter.data ~= '' then redis.call('HSET', job, 'data', letter.data) end
  if letter.opts ~= '' then redis.call('HSET', job, 'opts', letter.opts) end

  local deduplication = redis.call('HGET', job, 'deid')
  if deduplication then
    local deduplicationKey = base .. 'de:' .. deduplication
    -- One that was given a time of its own keeps it, as with BullMQ. What is no string names no job.
    if redis.call('PTTL', deduplicationKey) == -1 and redis.pcall('GET', deduplicationKey) == id then
      redis.call('DEL', deduplicationKey)
    end
  end

  moveJob(job, dead)
  redis.call('ZADD', keys.deadFailed, now, id)
  local from = letter.from or 'active'
  emitEvent(keys.events, keys.meta, 'event', 'failed', 'jobId', id, 'failedReason', letter.message, 'prev', from)
  emitEvent(keys.deadEvents, keys.deadMeta, 'event', 'failed', 'jobId', id, 'failedReason', letter.message, 'prev', from)
  wakeWorker(keys.marker, keys.meta)
  return id
end
