--[[
dead-letter: move a job to the queue's dead-letter queue and out of `active`, in one step. The job's hash is renamed, so
nothing of it is copied and nothing is lost, however large it is.

The dead-letter queue is a BullMQ queue whose jobs are in the state `failed`. When an id dies again, its earlier death gets a
suffix, ~1, ~2 …, so that the newest lies where whoever waits for the job looks.

KEYS  1 job          hash
      2 active       list
      3 stalled      set
      4 events       stream
      5 meta         hash
      6 marker       zset    wakes sleeping workers
      7 deadFailed   zset    dead-lettered jobs, score = ms
      8 deadEvents   stream
      9 deadMeta     hash    its field `bwn` counts copies of ids
     10 fence        string  the highest epoch that may write
ARGV  1 id           id of the job
      2 token        the lease's token; empty when the lock must be absent
      3 base         what the job's key begins with
      4 deadBase     what the keys of the dead-letter queue begin with
      5 record       JSON DeadLetterRecord without attempts, kept in the field `bwd`
      6 attempt      JSON AttemptRecord of the last attempt, or empty when none was made
      7 keep         how many attempts the history keeps
      8 message      the error's message, BullMQ's failedReason
      9 stack        JSON array with the error's stack, BullMQ's stacktrace
     10 data         JSON to put in place of data that is not JSON, or empty
     11 opts         JSON to put in place of options that are not JSON, or empty
     12 crash        JSON JobCrash when its worker was lost, kept in the job. An id whose job is gone is then taken out of `active`:
                     nothing else would. Or empty
     13 keepCrashes  how many crashes the history keeps
     14 ledgerBase   what the keys of the effect ledger begin with
     15 epoch        of the leader that does this
REPLY  the id, or a code: -1 job gone | -2 lease expired | -3 not active | -6 lease held by another | -7 leader deposed
WRITES everything named above   COST O(active + log dead)
]]
--- @include "expect-types.lua"
--- @include "leave-active.lua"
--- @include "now-ms.lua"
--- @include "append-crash.lua"
--- @include "check-fence.lua"
--- @include "move-to-dead-letters.lua"
--- @include "../../idempotency/lua/keep-fence.lua"
local keys = {
  events = KEYS[4], meta = KEYS[5], marker = KEYS[6], deadFailed = KEYS[7], deadEvents = KEYS[8], deadMeta = KEYS[9],
}
local id, token, base, deadBase, record, attempt, keep, message, stack, data, opts, crash, keepCrashes, ledgerBase,
  epoch =
  unpack(ARGV)

expectTypes({
  [KEYS[2]] = 'list', [KEYS[3]] = 'set', [keys.events] = 'stream', [keys.meta] = 'hash', [keys.marker] = 'zset',
  [keys.deadFailed] = 'zset', [keys.deadEvents] = 'stream', [keys.deadMeta] = 'hash',
})
if isStale(KEYS[10], epoch) then return -7 end
local code = leaveActive(KEYS[1], KEYS[2], KEYS[3], id, token)
if code == -1 and crash ~= '' then redis.call('LREM', KEYS[2], -1, id) end
if code < 0 then return code end
keepFence(ledgerBase, KEYS[1], id)
if crash ~= '' then appendCrash(KEYS[1], crash, tonumber(keepCrashes)) end
return moveToDeadLetters(keys, base, deadBase, id, nowMs(), {
  record = record, attempt = attempt, keep = tonumber(keep), message = message, stack = stack, data = data, opts = opts,
})
