--- @include "ledger.lua"
--[[
Looks for the work that a key stands for before a job is added for it: the job under the id that the key gives, or what the ledger knows.
Answers the id of the job that stands for it, or nothing; whether the key was given to another payload; and whether the ledger knows of
the key at all.
]]
local function findByKey(ledgerBase, base, id, identity)
  local fingerprint = string.sub(identity, 34)
  local present = redis.pcall('HGET', base .. id, 'bwi')
  if type(present) == 'string' then
    return id, contradicts(string.match(present, '^[^\n]*\n([^\n]*)') or '', fingerprint), true
  end
  local record = readRecord(ledgerBase, identity)
  if not record then return nil, false, false end
  -- Given up, and its job is gone or among the dead letters: the work is not done, and nobody is at it.
  if record.state == 'r' and redis.call('EXISTS', base .. record.id) == 0 then return nil, false, true end
  return record.id, contradicts(record.fingerprint, fingerprint), true
end
