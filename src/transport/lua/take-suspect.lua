--[[
take-suspect: take one job that was set aside as a suspect, to run it alone.

KEYS  1 active           list
      2 delayed          zset
      3 parked           zset    index of those set aside
      4 events           stream
      5 meta             hash
      6 limiter          counter of the rate limit
ARGV  1 base             what the keys of the jobs begin with
      2 ledgerBase       what the keys of the effect ledger begin with
      3 id               id of the job
      4 token            the lease's token
      5 lease            ms
      6 worker           name for the job's field `pb`
      7 keepKeys         ms for which the ledger keeps a key
REPLY { job, now }: the job as fetch-and-finish answers it, with the fields of its header; or an empty array when it is not set aside
      any more, or the queue is paused, or starts or runs as many jobs as it may
WRITES active, delayed, parked, events, limiter, the job and its lock   COST O(log delayed)
]]
--- @include "expect-types.lua"
--- @include "take-jobs.lua"
--- @include "now-ms.lua"
local keys = { active = KEYS[1], delayed = KEYS[2], events = KEYS[4], limiter = KEYS[6] }
local base, ledgerBase, id, token, lease, worker, keepKeys = unpack(ARGV)

expectTypes({ [keys.active] = 'list', [keys.delayed] = 'zset', [KEYS[3]] = 'zset', [keys.events] = 'stream' })
local settings = redis.call('HMGET', KEYS[5], 'paused', 'concurrency', 'max', 'duration')
if settings[1] or settings[2] and redis.call('LLEN', keys.active) >= tonumber(settings[2]) then return {} end
local limiterMax = tonumber(settings[3])
if limitedFor(keys.limiter, limiterMax) > 0 or not redis.call('ZSCORE', KEYS[3], id) then return {} end
-- Whoever is due is on its way to the others already.
redis.call('ZREM', KEYS[3], id)
if redis.call('ZREM', keys.delayed, id) == 0 then return {} end
redis.call('LPUSH', keys.active, id)
local now = nowMs()
local job = startJob(keys, base, id, token, string.format('%.0f', now), {
  lease = lease, worker = worker, answer = 'fields', ledgerBase = ledgerBase, keepKeys = keepKeys,
})
if not job then return {} end
if limiterMax then countStart(keys.limiter, base .. id, tonumber(settings[4]) or 0) end
return { job, now }
