--[[
ledger-write: commit, or take back, what a job did for its key, where its end is written by BullMQ's own script. Whoever runs the job after
a crash in between finds it committed.

KEYS  1 job        hash
      2 lock       string   the job's lease
ARGV  1 ledgerBase what the keys of the ledger begin with
      2 id         id of the job
      3 token      the lease's token
      4 won        what the job says of the key that it has
      5 body       result or error as JSON, or empty
      6 keep       ms for which the record is kept
REPLY code         0 done | -6 lease lost
WRITES job, the record   COST O(1)
]]
--- @include "ledger.lua"
local ledgerBase, id, token, won, body, keep = unpack(ARGV)

if redis.call('GET', KEYS[2]) ~= token then return -6 end
writeRecord(ledgerBase, keep, won, id, body)
-- The next run asks the ledger.
letAsk(KEYS[1])
return 0
