--- @include "emit-event.lua"
--- @include "append-attempt.lua"
--- @include "wake-worker.lua"
--[[
Moves a job that has left `active` to the dead-letter queue, by renaming its hash: nothing of it is copied and nothing is lost,
however large it is. An id that lies there already gets a suffix: ~1, ~2 …

letter: record, attempt, keep, message, stack, data, opts; attempt, data and opts may be empty.
]]
local function moveToDeadLetters(keys, base, deadBase, id, now, letter)
  local job = base .. id
  local deadId = id
  while redis.call('EXISTS', deadBase .. deadId) == 1 do
    deadId = id .. '~' .. redis.call('HINCRBY', keys.deadMeta, 'bwn', 1)
  end

  appendAttempt(job, letter.attempt, letter.keep)
  if letter.attempt ~= '' then redis.call('HINCRBY', job, 'atm', 1) end
  redis.call('HSET', job, 'bwd', letter.record, 'failedReason', letter.message, 'stacktrace', letter.stack, 'finishedOn', now)
  if letter.data ~= '' then redis.call('HSET', job, 'data', letter.data) end
  if letter.opts ~= '' then redis.call('HSET', job, 'opts', letter.opts) end

  local deduplication = redis.call('HGET', job, 'deid')
  if deduplication then
    local deduplicationKey = base .. 'de:' .. deduplication
    if redis.call('GET', deduplicationKey) == id then redis.call('DEL', deduplicationKey) end
  end

  redis.call('RENAME', job, deadBase .. deadId)
  if redis.call('EXISTS', job .. ':logs') == 1 then redis.call('RENAME', job .. ':logs', deadBase .. deadId .. ':logs') end
  redis.call('ZADD', keys.deadFailed, now, deadId)
  emitEvent(keys.events, keys.meta, 'event', 'failed', 'jobId', id, 'failedReason', letter.message, 'prev', 'active')
  emitEvent(keys.deadEvents, keys.deadMeta, 'event', 'failed', 'jobId', deadId, 'failedReason', letter.message, 'prev', 'active')
  wakeWorker(keys.marker, keys.meta)
  return deadId
end
