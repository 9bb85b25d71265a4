--- @include "ledger.lua"
--[[
Claims the key of a job that has just got its lease. Answers the claim: verdict and fence, the identity, and on a second line the result or
the error that is known already. The verdict: n(ew) | b(usy) | m(ismatch) | c(ommitted) | f(ailed).
]]
local function claimKey(ledgerBase, base, keep, identity, id, token)
  local record = readRecord(ledgerBase, identity)
  local verdict, fence, body = 'n', 1, ''
  if record then
    fence = tonumber(record.fence)
    local isHeld = record.id ~= id and redis.pcall('GET', base .. record.id .. ':lock') == record.token
    if record.state == 'r' and not isHeld then
      fence = fence + 1
    elseif contradicts(record.fingerprint, string.sub(identity, 34)) then
      verdict = 'm'
    elseif record.state == 'r' then
      verdict = 'b'
    else
      verdict, body = record.state, record.body
    end
  end
  if verdict == 'n' then writeRecord(ledgerBase, keep, identity, 'r', fence, token, id, '') end
  return verdict .. string.format('%.0f', fence) .. ' ' .. identity .. '\n' .. body
end
