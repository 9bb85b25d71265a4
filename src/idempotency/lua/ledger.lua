--[[
The effect ledger: one record per key says what became of the work that the key stands for. A record is a text of lines: state,
fingerprint, fence, token and id of the job that has the key, and the result or the error as JSON.
  r  running, or given up: it is held as long as that job's lease is
  c  committed, with the result
  f  failed for good, with the error
A job names its key in the field `bwi` of its hash. Mostly its id is the key's digest: then the fingerprint of its payload is all that
stands there, and it has its key by its own lease, without a record; token and id of a record are empty where they would be its own. With
a line's end behind the fingerprint it is to ask the ledger, which knows more of the key. Any other job names the digest of 32 characters
in a line before the fingerprint.
]]
local function splitName(name, id)
  local at = string.find(name, '\n', 1, true)
  if not at or at == #name then return string.sub(id, 1, 32), at and string.sub(name, 1, -2) or name end
  return string.sub(name, 1, at - 1), string.sub(name, at + 1)
end

local function parseRecord(text)
  local state, fingerprint, fence, token, id, body =
    string.match(text, '^(%a)\n([^\n]*)\n(%d+)\n([^\n]*)\n(.*)\n([^\n]*)$')
  if not state then return nil end
  return { state = state, fingerprint = fingerprint, fence = tonumber(fence), token = token, id = id, body = body }
end

-- What somebody else put there and is no record counts as none, and is overwritten.
local function readRecord(ledgerBase, digest)
  local text = redis.pcall('GET', ledgerBase .. digest)
  return type(text) == 'string' and parseRecord(text) or nil
end

-- won: what whoever has the key says of it, a record without its last line; before it the digest where that is not the job's id.
local function writeRecord(ledgerBase, keep, won, id, body)
  if string.byte(won, 2) == 10 then
    redis.call('SET', ledgerBase .. id, won .. body, 'PX', keep)
  else
    redis.call('SET', ledgerBase .. string.sub(won, 1, 32), string.sub(won, 33) .. body, 'PX', keep)
  end
end

-- Fingerprints begin with the version of the payload: of two versions nobody can say whether they mean the same.
local function contradicts(one, other)
  return one ~= other and string.match(one, '^[^.]*') == string.match(other, '^[^.]*')
end

-- Lets a job whose id is the digest ask the ledger when it starts.
local function letAsk(jobKey)
  local name = redis.pcall('HGET', jobKey, 'bwi')
  if type(name) == 'string' and not string.find(name, '\n', 1, true) then
    redis.call('HSET', jobKey, 'bwi', name .. '\n')
  end
end
