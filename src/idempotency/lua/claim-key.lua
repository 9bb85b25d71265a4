--- @include "ledger.lua"
--[[
Whether another job of the key runs: the one that the record names, or the one whose id is the digest.
]]
local function isHeldByAnother(base, digest, record, id)
  local function leaseOf(other)
    local lease = other ~= id and redis.pcall('GET', base .. other .. ':lock')
    return type(lease) == 'string' and lease
  end
  return record and leaseOf(record.id) == record.token or leaseOf(digest) ~= false
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

-- Lets the job whose id is the digest ask the ledger when it starts.
local function mark(base, digest)
  local identity = redis.pcall('HGET', base .. digest, 'bwi')
  if type(identity) == 'string' and not string.find(identity, '\n', 34, true) then
    redis.call('HSET', base .. digest, 'bwi', identity .. '\n')
  end
end

--[[
Claims the key of a job that has just got its lease, and answers the claim in lines: its verdict, identity and fence, then the result or
the error that is known already. The verdict: n(ew) | b(usy) | m(ismatch) | c(ommitted) | f(ailed).

starts: how often the job was started: its fence, as long as no other job had the key.
]]
local function claimKey(ledgerBase, base, keep, identity, id, token, starts)
  local digest, record = digestOf(identity), readRecord(ledgerBase, identity)
  local hasEnded = record and record.state ~= 'r'
  local isHeld = not hasEnded and isHeldByAnother(base, digest, record, id)
  local function claim(verdict, fence, body)
    return verdict .. '\n' .. identity .. '\n' .. string.format('%.0f', fence) .. '\n' .. body
  end
  if record and (hasEnded or isHeld) and contradicts(record.fingerprint, string.sub(identity, 34)) then
    return claim('m', 0, '')
  end
  if hasEnded then return claim(record.state, record.fence, record.body) end
  if isHeld then return claim('b', 0, '') end
  local fence = tonumber(starts)
  if record then
    fence = math.max(fence, record.fence + 1)
    if record.id ~= id then fenceOff(base, record.id) end
  end
  if digest ~= id then
    fence = math.max(fence, fenceOff(base, digest))
    mark(base, digest)
  end
  writeRecord(ledgerBase, keep, identity .. '\n' .. string.format('%.0f', fence), 'r', token, id, '')
  return claim('n', fence, '')
end

--[[
Answers the claim of a job that was just taken; false when what it says of its key makes no sense. The job whose id is the digest, and
whom nobody told to ask, has the key already: its identity alone says so.
]]
local function claimOnStart(ledgerBase, base, keep, identity, id, token, starts)
  if string.byte(identity, 33) ~= 10 or #identity < 34 then return false end
  local third = string.find(identity, '\n', 34, true)
  if not third and digestOf(identity) == id then return identity end
  return claimKey(ledgerBase, base, keep, third and string.sub(identity, 1, third - 1) or identity, id, token, starts)
end
