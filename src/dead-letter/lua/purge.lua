--[[
purge: delete a dead-lettered job for good.

KEYS  1 dead         hash    the job in the dead-letter queue
      2 deadFailed   zset    dead-lettered jobs, score = ms
      3 fence        string  the highest epoch that may write
ARGV  1 deadId       id in the dead-letter queue
      2 diedAt       score of the death that is meant, or empty for whichever lies there
      3 ledgerBase   what the keys of the effect ledger begin with
      4 epoch        of the leader that does this, or empty when it is an operator
REPLY 1 deleted | 0 not dead-lettered, or not by that death | -7 leader deposed
WRITES dead, deadFailed, fence, the record of its key   COST O(log dead)
]]
--- @include "../../transport/lua/check-fence.lua"
--- @include "../../idempotency/lua/reopen-key.lua"
--- @include "is-meant.lua"
local dead, deadFailed = KEYS[1], KEYS[2]
local deadId, diedAt, ledgerBase, epoch = unpack(ARGV)

if isStale(KEYS[3], epoch) then return -7 end
if not isMeant(deadFailed, deadId, diedAt) then return 0 end
redis.call('ZREM', deadFailed, deadId)
-- An earlier death has no say in what a later one closed.
if not string.find(deadId, '~', 1, true) then reopenKey(ledgerBase, dead, deadId) end
redis.call('DEL', dead, dead .. ':logs', dead .. ':processed', dead .. ':failed')
return 1
