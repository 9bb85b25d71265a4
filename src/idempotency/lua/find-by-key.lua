--- @include "ledger.lua"
--[[
Looks for the work that a key stands for before a job is added for it: the job under the id that the key gives, or what the ledger knows.
Answers the id of the job that stands for it, or nothing, and whether the key was given to another payload.
]]
local function findByKey(ledgerBase, base, id, identity)
  local fingerprint = string.sub(identity, 34)
  local present = redis.pcall('HGET', base .. id, 'bwi')
  if type(present) == 'string' then return id, contradicts(string.sub(present, 34), fingerprint) end
  local record = readRecord(ledgerBase, identity)
  if not record then return nil, false end
  -- Given up, and its job is gone or among the dead letters: the work is not done, and nobody is at it.
  if record.state == 'r' and redis.call('EXISTS', base .. record.id) == 0 then return nil, false end
  return record.id, contradicts(record.fingerprint, fingerprint)
end
