--[[
job-outcomes: how far jobs are.

KEYS  1 meta       hash    names the slot
ARGV  1 base       what the keys of the jobs begin with
      2 deadBase   what the keys of the dead-letter queue begin with
      3 ledgerBase what the keys of the effect ledger begin with
      4 ids        JSON array
REPLY array of { state, json }: completed with the result | dead_lettered with the DeadLetterRecord |
      failed with the message as JSON | pending | gone
WRITES nothing   COST O(ids)
]]
--- @include "../../idempotency/lua/ledger.lua"
local base, deadBase, ledgerBase, ids = unpack(ARGV)
local outcomes = {}
for index, id in ipairs(cjson.decode(ids)) do
  -- What somebody else put under the id, and is no hash, is no job.
  local fields = redis.pcall('HMGET', base .. id, 'timestamp', 'finishedOn', 'returnvalue', 'failedReason')
  if not fields[1] then
    local letter = redis.pcall('HGET', deadBase .. id, 'bwd')
    -- The id of a job with a key is the key's digest, and the ledger remembers longer than the queue.
    local known = type(letter) ~= 'string' and readRecord(ledgerBase, id)
    if type(letter) == 'string' then
      outcomes[index] = { 'dead_lettered', letter }
    elseif known and known.state == 'c' then
      outcomes[index] = { 'completed', known.body }
    else
      outcomes[index] = { 'gone', '' }
    end
  elseif not fields[2] then
    outcomes[index] = { 'pending', '' }
  elseif fields[3] then
    outcomes[index] = { 'completed', fields[3] }
  else
    outcomes[index] = { 'failed', cjson.encode(fields[4] or '') }
  end
end
return outcomes
