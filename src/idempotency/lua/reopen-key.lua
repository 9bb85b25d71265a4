--- @include "ledger.lua"
--[[
Opens the key of a job that failed for good: its work may be tried again, by this job or by one that is enqueued anew. The fence is kept.
id: of the job, with or without the suffix of an earlier death.
]]
local function reopenKey(ledgerBase, jobKey, id)
  local name = redis.pcall('HGET', jobKey, 'bwi')
  if type(name) ~= 'string' then return end
  local digest = splitName(name, id)
  local record, page = readRecord(ledgerBase, digest)
  if not record or record.state ~= 'f' then return end
  local open = { 'r', record.fingerprint, string.format('%.0f', record.fence), '', record.id, '' }
  redis.call('HSET', page, digest, table.concat(open, '\n'))
end
