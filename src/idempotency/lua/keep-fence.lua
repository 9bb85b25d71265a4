--- @include "ledger.lua"
--[[
Keeps the fence of a job that is given up without a word of its own: the next job of its key goes on above it. As long as
keys are kept, which nobody says here: by default for a day.
]]
local function keepFence(ledgerBase, jobKey, id)
  local fields = redis.pcall('HMGET', jobKey, 'bwi', 'ats')
  if fields.err or not fields[1] then return end
  local digest, fingerprint = splitName(fields[1], id)
  local record, starts = readRecord(ledgerBase, digest), tonumber(fields[2]) or 0
  if digest ~= id or record and record.state ~= 'r' or not (starts > 0 and starts < 2 ^ 53) then return end
  local fence = string.format('%.0f', math.max(starts, record and record.fence or 0))
  writeRecord(ledgerBase, 86400000, table.concat({ 'r', fingerprint, fence, '', '', '' }, '\n'), id, '')
end
