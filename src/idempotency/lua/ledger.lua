--[[
The effect ledger: one record per key says what became of the work that the key stands for. A record is a text of lines: state,
fingerprint, fence, token, id of the job, and the result or the error as JSON.
  r  running, or given up: it is held as long as that job's lease is
  c  committed, with the result
  f  failed for good, with the error
A job names its key by its identity, field `bwi` of its hash: the key's digest of 32 characters and the payload's fingerprint, a line each.
The job whose id is the digest needs no record to hold its key: its own lease says so. Only where the ledger knows more of the key than
that job does, a third line of its identity says that it is to ask.
]]
local function digestOf(identity)
  return string.sub(identity, 1, 32)
end

local function parseRecord(text)
  local state, fingerprint, fence, token, id, body =
    string.match(text, '^(%a)\n([^\n]*)\n(%d+)\n([^\n]*)\n(.*)\n([^\n]*)$')
  if not state then return nil end
  return { state = state, fingerprint = fingerprint, fence = tonumber(fence), token = token, id = id, body = body }
end

-- What somebody else put there and is no record counts as none, and is overwritten.
local function readRecord(ledgerBase, identity)
  local text = redis.pcall('GET', ledgerBase .. digestOf(identity))
  return type(text) == 'string' and parseRecord(text) or nil
end

-- won: identity and fence, as whoever has the key says it.
local function writeRecord(ledgerBase, keep, won, state, token, id, body)
  local record = state .. string.sub(won, 33) .. '\n' .. token .. '\n' .. id .. '\n' .. body
  redis.call('SET', ledgerBase .. digestOf(won), record, 'PX', keep)
end

-- Fingerprints begin with the version of the payload: of two versions nobody can say whether they mean the same.
local function contradicts(one, other)
  return one ~= other and string.match(one, '^[^.]*') == string.match(other, '^[^.]*')
end
