--- @include "ledger.lua"
--[[
Whether another job of the key runs: the one that the record names, or the one whose id is the digest.
]]
local function isHeldByAnother(base, digest, record, id)
  local function leaseOf(other)
    local lease = other ~= id and redis.pcall('GET', base .. other .. ':lock')
    return type(lease) == 'string' and lease
  end
  return record and record.id ~= '' and leaseOf(record.id) == record.token or leaseOf(digest) ~= false
end

--[[
Takes the key from a job that has lost its lease. It counts as started once more: a worker that comes back after an outage takes a lease
again only where nobody has started the job since.
]]
local function fenceOff(base, other)
  local starts = tonumber(redis.pcall('HGET', base .. other, 'ats')) or 0
  if starts == 0 then return 0 end
  redis.call('HSET', base .. other, 'ats', string.format('%.0f', starts + 1))
  return starts + 1
end

--[[
Claims a key for a job that has just got its lease, and answers the claim in lines: its verdict, digest, fingerprint and fence, then the
result or the error that is known already. The verdict: n(ew) | b(usy) | m(ismatch) | c(ommitted) | f(ailed).

starts: how often the job was started: its fence, as long as no other job had the key.
]]
local function claimKey(ledgerBase, base, keep, digest, fingerprint, id, token, starts)
  local record = readRecord(ledgerBase, digest)
  -- Who failed for good and runs again was brought back on purpose.
  local isOwner = record and (record.id == id or record.id == '' and digest == id)
  local hasEnded = record and (record.state == 'c' or record.state == 'f' and not isOwner)
  local isHeld = not hasEnded and isHeldByAnother(base, digest, record, id)
  local function claim(verdict, fence, body)
    return table.concat({ verdict, digest, fingerprint, string.format('%.0f', fence), body }, '\n')
  end
  if record and (hasEnded or isHeld) and contradicts(record.fingerprint, fingerprint) then return claim('m', 0, '') end
  if hasEnded then return claim(record.state, record.fence, record.body) end
  if isHeld then return claim('b', 0, '') end
  local fence = tonumber(starts)
  if not (fence and fence >= 0 and fence < 2 ^ 53) then fence = 1 end
  if record then
    fence = math.max(fence, record.fence + 1)
    if record.id ~= '' and record.id ~= id then fenceOff(base, record.id) end
  end
  if digest ~= id then
    fence = math.max(fence, fenceOff(base, digest))
    letAsk(base .. digest)
  end
  local won = table.concat({ 'r', fingerprint, string.format('%.0f', fence), token, digest == id and '' or id, '' }, '\n')
  writeRecord(ledgerBase, keep, digest .. won, id, '')
  return claim('n', fence, '')
end

--[[
Answers the claim of a job that was just taken; false when what it says of its key makes no sense. A job that has its key already has but
to say so.
]]
local function claimOnStart(ledgerBase, base, keep, name, id, token, starts)
  if not string.find(name, '\n', 1, true) then return name end
  local digest, fingerprint = splitName(name, id)
  if #digest ~= 32 or string.find(fingerprint, '\n', 1, true) then return false end
  return claimKey(ledgerBase, base, keep, digest, fingerprint, id, token, starts)
end
