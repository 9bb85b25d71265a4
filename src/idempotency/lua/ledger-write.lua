--[[
ledger-write: commit, or take back, what a job did for its key, where its end is written by BullMQ's own script. Whoever runs the job after
a crash in between finds it committed.

KEYS  1 lock       string   the job's lease
ARGV  1 ledgerBase what the keys of the ledger begin with
      2 id         id of the job
      3 token      the lease's token
      4 identity   digest and fingerprint
      5 state      c | f | r
      6 body       result or error as JSON, or empty
      7 keep       ms for which the record is kept
REPLY code         0 done | -6 lease lost | -8 the key is another's
WRITES the record   COST O(1)
]]
--- @include "ledger.lua"
local ledgerBase, id, token, identity, state, body, keep = unpack(ARGV)

if redis.call('GET', KEYS[1]) ~= token then return -6 end
local record = readRecord(ledgerBase, identity)
if record and record.token ~= token then return -8 end
writeRecord(ledgerBase, keep, identity, state, record and record.fence or 1, token, id, body)
return 0
