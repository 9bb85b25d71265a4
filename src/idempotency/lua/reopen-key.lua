--- @include "ledger.lua"
--[[
Opens the key of a job that failed for good: its work may be tried again, by this job or by one that is enqueued anew. The fence is kept.
]]
local function reopenKey(ledgerBase, jobKey)
  local identity = redis.pcall('HGET', jobKey, 'bwi')
  if type(identity) ~= 'string' or string.byte(identity, 33) ~= 10 then return end
  local record = readRecord(ledgerBase, identity)
  if not record or record.state ~= 'f' then return end
  redis.call(
    'SET', ledgerBase .. digestOf(identity),
    table.concat({ 'r', record.fingerprint, string.format('%.0f', record.fence), '', record.id, '' }, '\n'), 'KEEPTTL'
  )
end
