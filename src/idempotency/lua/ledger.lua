--[[
The effect ledger: one record per key says what became of the work that the key stands for. A record is a text of lines: state, fence,
fingerprint, token, id of the job, and the result or the error as JSON.
  r  running, or given up: it is held as long as that job's lease is
  c  committed, with the result
  f  failed for good, with the error
A job names its key by its identity, field `bwi` of its hash: the key's digest of 32 characters, a blank, the payload's fingerprint.
]]
local function parseRecord(text)
  local state, fence, fingerprint, token, id, body =
    string.match(text, '^(%a)\n(%d+)\n([^\n]*)\n([^\n]*)\n(.*)\n([^\n]*)$')
  return state and { state = state, fence = fence, fingerprint = fingerprint, token = token, id = id, body = body }
end

-- What somebody else put there and is no record counts as none, and is overwritten.
local function readRecord(ledgerBase, identity)
  local text = redis.pcall('GET', ledgerBase .. string.sub(identity, 1, 32))
  return type(text) == 'string' and parseRecord(text) or nil
end

local function writeRecord(ledgerBase, keep, identity, state, fence, token, id, body)
  redis.call(
    'SET', ledgerBase .. string.sub(identity, 1, 32),
    state .. '\n' .. fence .. '\n' .. string.sub(identity, 34) .. '\n' .. token .. '\n' .. id .. '\n' .. body, 'PX', keep
  )
end

-- Fingerprints begin with the version of the payload: of two versions nobody can say whether they mean the same.
local function contradicts(one, other)
  return one ~= other and string.match(one, '^[^.]*') == string.match(other, '^[^.]*')
end
