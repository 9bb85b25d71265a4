--[[
cancel: dead-letter a job that has not been started, or say why that cannot be done. The child of a flow is marked to fail instead and
put where it can start: the worker that takes it fails it inside its queue, so that its parent is told.

KEYS  1 job              hash
      2 active           list
      3 wait             list
      4 prioritized      zset
      5 delayed          zset
      6 priorityCounter  counter, BullMQ's pc
      7 marker           zset    wakes sleeping workers
      8 events           stream
      9 meta             hash
     10 deadFailed       zset    dead-lettered jobs, score = ms
     11 deadEvents       stream
     12 deadMeta         hash    its field `bwn` counts copies of ids
     13 turns            zset    of the tenants
ARGV  1 id               id of the job
      2 base             what the job's key begins with
      3 deadBase         what the keys of the dead-letter queue begin with
      4 record           JSON DeadLetterRecord
      5 message          BullMQ's failedReason
      6 parkedBase       what the keys of the indexes of parked jobs begin with
      7 ledgerBase       what the keys of the effect ledger begin with
      8 dry              1 to change nothing
REPLY { code, token }: code 0 dead-lettered | 1 marked to fail | -1 no such job | -2 it runs, and the token is that of its lease |
      -3 it has ended, or waits for its children | -4 the next run of a job scheduler, which nobody would plan without this one
WRITES everything named above   COST O(waiting + active)
]]
--- @include "expect-types.lua"
--- @include "enter-wait.lua"
--- @include "move-to-dead-letters.lua"
--- @include "now-ms.lua"
--- @include "../../idempotency/lua/keep-fence.lua"
local keys = {
  job = KEYS[1], wait = KEYS[3], prioritized = KEYS[4], priorityCounter = KEYS[6], marker = KEYS[7], events = KEYS[8], meta = KEYS[9],
  deadFailed = KEYS[10], deadEvents = KEYS[11], deadMeta = KEYS[12],
}
local activeKey, delayedKey = KEYS[2], KEYS[5]
local id, base, deadBase, record, message, parkedBase, ledgerBase, dry = unpack(ARGV)

expectTypes({
  [activeKey] = 'list', [keys.wait] = 'list', [keys.prioritized] = 'zset', [delayedKey] = 'zset', [keys.marker] = 'zset',
  [keys.events] = 'stream', [keys.meta] = 'hash', [keys.deadFailed] = 'zset', [keys.deadEvents] = 'stream', [keys.deadMeta] = 'hash',
})

if redis.call('TYPE', keys.job).ok ~= 'hash' then return { -1, '' } end
if redis.call('LPOS', activeKey, id) then
  local token = redis.pcall('GET', keys.job .. ':lock')
  return { -2, type(token) == 'string' and token or '' }
end
local turn = redis.call('ZSCORE', keys.prioritized, id)
local isWaiting = turn or redis.call('LPOS', keys.wait, id)
local isDelayed = redis.call('ZSCORE', delayedKey, id)
if not isWaiting and not isDelayed then return { -3, '' } end
local known = redis.call('HMGET', keys.job, 'parentKey', 'rjk', 'bwp', 'bwo')
if known[2] then return { -4, '' } end
local isChild = known[1] and known[1] ~= ''
if dry == '1' then return { isChild and 1 or 0, '' } end
if isDelayed and known[3] then
  redis.pcall('ZREM', parkedBase .. known[3], id)
  redis.pcall('ZREM', parkedBase .. 'tenant_slots', id)
end

if isChild then
  redis.call('HSET', keys.job, 'defa', message)
  if isDelayed then
    redis.call('ZREM', delayedKey, id)
    enterWait(keys, id, 'delayed', true)
  end
  return { 1, '' }
end
keepFence(ledgerBase, keys.job, id)
redis.call('LREM', keys.wait, -1, id)
redis.call('ZREM', keys.prioritized, id)
if turn and known[4] then giveTurnBack(KEYS[13], known[4], tonumber(turn)) end
redis.call('ZREM', delayedKey, id)
moveToDeadLetters(keys, base, deadBase, id, nowMs(), {
  record = record, attempt = '', keep = 0, message = message, stack = '[]', data = '', opts = '', from = isDelayed and 'delayed' or 'waiting',
})
return { 0, '' }
