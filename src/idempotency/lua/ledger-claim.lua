--[[
ledger-claim: claim a key for a job that runs already and was written without naming one, as by plain BullMQ.

KEYS  1 job         hash
      2 lock        string   the job's lease
ARGV  1 base        what the keys of the jobs begin with
      2 ledgerBase  what the keys of the ledger begin with
      3 id          id of the job
      4 token       the lease's token
      5 digest      of the key
      6 fingerprint of the payload
      7 keep        ms for which the record is kept
REPLY claim         as claim-key.lua writes it; empty when the lease is another's
WRITES job, the record   COST O(1)
]]
--- @include "claim-key.lua"
local base, ledgerBase, id, token, digest, fingerprint, keep = unpack(ARGV)

if redis.call('GET', KEYS[2]) ~= token or redis.call('EXISTS', KEYS[1]) == 0 then return '' end
redis.call('HSET', KEYS[1], 'bwi', digest .. '\n' .. fingerprint)
local starts = redis.call('HGET', KEYS[1], 'ats') or 1
return claimKey(ledgerBase, base, keep, digest, fingerprint, id, token, starts)
