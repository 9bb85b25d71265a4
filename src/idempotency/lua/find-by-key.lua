--- @include "ledger.lua"
--[[
Looks for the work that a key stands for before a job is added for it: the job whose id is the digest, or what the ledger knows. Answers
the id of the job that stands for it, or nothing; whether the key was given to another payload; and the fence of whoever had the key before,
when the ledger knows of it at all.
]]
local function findByKey(ledgerBase, base, digest, fingerprint)
  local name = redis.pcall('HGET', base .. digest, 'bwi')
  if type(name) == 'string' then
    local _, present = splitName(name, digest)
    return digest, contradicts(present, fingerprint), nil
  end
  local record = readRecord(ledgerBase, digest)
  if not record then return nil, false, nil end
  local id = record.id == '' and digest or record.id
  -- Given up, and its job is gone or among the dead letters: the work is not done, and nobody is at it.
  if record.state == 'r' and redis.call('EXISTS', base .. id) == 0 then return nil, false, record.fence end
  return id, contradicts(record.fingerprint, fingerprint), record.fence
end
