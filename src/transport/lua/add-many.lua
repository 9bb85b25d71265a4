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
      4 number            how many jobs there are
      5 rest              runs of jobs, each: how many jobs it has; how many words each of them has, 2 or 4; then what they have in
                          common: name, the options as JSON up to the job's id in them and from there on (whole when empty),
                          timestamp, delay, priority, where they go: last, first (among those that wait), delayed, prioritized, or
                          turn (the tenant's next), and weight and tenant where tenants have turns, or empty.
                          Then the jobs, each: id or empty for the next number, data. With four words: options of its own as JSON or
                          empty, and the fingerprint of its payload where the id is the digest of a key, or empty
REPLY { last, positions, ids, conflicts }: the queue's number before that of the first job; the positions (from 1) of jobs that were there
      already, and the ids of those that are; the positions of jobs whose key was given to another payload
WRITES everything named above, and the jobs   COST O(jobs * log n)
]]
--- @include "enter-delayed.lua"
--- @include "mark-delayed.lua"
--- @include "take-turn.lua"
--- @include "../../idempotency/lua/find-by-key.lua"
local wait, meta, id, delayed, active, events, marker, prioritized, priorityCounter = unpack(KEYS)
local base, ledgerBase, turnsKey, number = unpack(ARGV, 1, 4)
local call = redis.call

local settings = call('HMGET', meta, 'opts.maxLenEvents', 'paused', 'concurrency')
local maxEvents = settings[1]
if not maxEvents then
  maxEvents = '10000'
  call('HSET', meta, 'opts.maxLenEvents', maxEvents)
end
local last = call('INCRBY', id, number) - number

local positions, ids, conflicts, behind, woken, delays = {}, {}, {}, {}, false, false
local turns
local at, index = 5, 0
while at <= #ARGV do
  local many, words, name, optsHead, optsTail, timestamp, delay, priority, place, share = unpack(ARGV, at, at + 9)
  at, words = at + 10, tonumber(words)
  for _ = 1, many do
    index = index + 1
    local jobId, data, opts, fingerprint = unpack(ARGV, at, at + words - 1)
    at = at + words
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
    if isKnown then
      positions[#positions + 1], ids[#ids + 1] = index, jobId
      call('XADD', events, '*', 'event', 'duplicated', 'jobId', jobId)
    else
      if not opts or opts == '' then opts = optsTail == '' and optsHead or optsHead .. jobId .. optsTail end
      if not isKeyed then
        call('HSET', job, 'name', name, 'data', data, 'opts', opts, 'timestamp', timestamp, 'delay', delay, 'priority', priority)
      else
        call(
          'HSET', job, 'name', name, 'data', data, 'opts', opts, 'timestamp', timestamp, 'delay', delay, 'priority', priority,
          'bwi', fingerprint, 'ats', starts
        )
      end
      if share ~= '' then call('HSET', job, 'bwo', share) end
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
        call('XADD', events, '*', 'event', 'waiting', 'jobId', jobId)
        woken = true
      end
    end
  end
end
-- Once is as good as with each job, and cheaper.
call('XTRIM', events, 'MAXLEN', '~', maxEvents)
if turns then closeTurns(turns) end
if #behind > 0 then call('LPUSH', wait, unpack(behind)) end
if woken and not settings[2] and not (settings[3] and call('LLEN', active) >= tonumber(settings[3])) then
  call('ZADD', marker, 0, '0')
end
if delays then markDelayed(marker, delayed) end
return { last, positions, ids, conflicts }
