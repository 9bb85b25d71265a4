--[[
add-many: put jobs into a queue, many at once. Each gets what BullMQ's own script would give it. A job whose id is there already
changes nothing, nor does one whose key stands for work that is done.

KEYS  1 wait              list
      2 meta              hash
      3 id                counter
      4 delayed           zset     score = due ms * 4096 + running number
      5 active            list
      6 events            stream
      7 marker            zset     wakes sleeping workers
      8 prioritized       zset
      9 priorityCounter   counter
ARGV  1 base              what the keys of the jobs begin with
      2 ledgerBase        what the keys of the effect ledger begin with; empty when no job has a key
      3 turns             the key of the turns of the tenants; empty when no job takes one
      4 words             how many words a job has
      5 rest              the jobs, each: id or empty for the next number, name, data, opts as JSON, timestamp, delay, priority,
                          where it goes: last, first (among those that wait), delayed, prioritized, or turn (the tenant's next).
                          With a ninth word: the fingerprint of its payload where the id is the digest of a key, or empty.
                          With a tenth: weight and tenant where tenants have turns, or empty
REPLY { ids, duplicates, conflicts }: the ids of all jobs, and the positions (from 1) of those that were there already, and of those
      whose key was given to another payload
WRITES everything named above, and the jobs   COST O(jobs * log n)
]]
--- @include "enter-delayed.lua"
--- @include "mark-delayed.lua"
--- @include "take-turn.lua"
--- @include "../../idempotency/lua/find-by-key.lua"
local wait, meta, id, delayed, active, events, marker, prioritized, priorityCounter = unpack(KEYS)
local base, ledgerBase, turnsKey, words = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local call = redis.call

local settings = call('HMGET', meta, 'opts.maxLenEvents', 'paused', 'concurrency')
local maxEvents = settings[1]
if not maxEvents then
  maxEvents = '10000'
  call('HSET', meta, 'opts.maxLenEvents', maxEvents)
end
local number = (#ARGV - 4) / words
local last = call('INCRBY', id, number) - number

local ids, duplicates, conflicts, behind, woken, delays = {}, {}, {}, {}, false, false
local turns
for index = 1, number do
  local at = 5 + (index - 1) * words
  local jobId, name, data, opts, timestamp, delay, priority, place, fingerprint, share = unpack(ARGV, at, at + words - 1)
  local isNumbered = jobId == ''
  if isNumbered then jobId = string.format('%.0f', last + index) end
  local job = base .. jobId
  local isKnown = not isNumbered and call('EXISTS', job) == 1
  local isKeyed, starts = fingerprint and fingerprint ~= '', '0'
  if isKeyed then
    local known, isConflict, fence = findByKey(ledgerBase, base, jobId, fingerprint)
    isKnown = isKnown or known ~= nil
    jobId = known or jobId
    -- The line's end lets the job ask the ledger. Its starts are counted on, so that no run of the job before it can be taken for one of it.
    if fence then fingerprint, starts = fingerprint .. '\n', string.format('%.0f', fence) end
    if isConflict then conflicts[#conflicts + 1] = index end
  end
  ids[index] = jobId
  if isKnown then
    duplicates[#duplicates + 1] = index
    call('XADD', events, 'MAXLEN', '~', maxEvents, '*', 'event', 'duplicated', 'jobId', jobId)
  else
    if not isKeyed then
      call('HSET', job, 'name', name, 'data', data, 'opts', opts, 'timestamp', timestamp, 'delay', delay, 'priority', priority)
    else
      call(
        'HSET', job, 'name', name, 'data', data, 'opts', opts, 'timestamp', timestamp, 'delay', delay, 'priority', priority,
        'bwi', fingerprint, 'ats', starts
      )
    end
    if share and share ~= '' then call('HSET', job, 'bwo', share) end
    call('XADD', events, '*', 'event', 'added', 'jobId', jobId, 'name', name)
    if place == 'delayed' then
      enterDelayed(delayed, events, maxEvents, jobId, tonumber(timestamp), tonumber(delay))
      delays = true
    else
      if place == 'prioritized' then
        local turn = call('INCR', priorityCounter) % 0x100000000
        call('ZADD', prioritized, tonumber(priority) * 0x100000000 + turn, jobId)
      elseif place == 'turn' then
        turns = turns or openTurns({ turns = turnsKey, prioritized = prioritized })
        takeTurn(turns, jobId, share, 'new')
      elseif place == 'first' then
        call('RPUSH', wait, jobId)
      else
        behind[#behind + 1] = jobId
      end
      call('XADD', events, 'MAXLEN', '~', maxEvents, '*', 'event', 'waiting', 'jobId', jobId)
      woken = true
    end
  end
end
if turns then closeTurns(turns) end
if #behind > 0 then call('LPUSH', wait, unpack(behind)) end
if woken and not settings[2] and not (settings[3] and call('LLEN', active) >= tonumber(settings[3])) then
  call('ZADD', marker, 0, '0')
end
if delays then markDelayed(marker, delayed) end
return { ids, duplicates, conflicts }
