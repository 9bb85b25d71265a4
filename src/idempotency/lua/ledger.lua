--- @include "../../transport/lua/now-ms.lua"
--[[
The effect ledger: one record per key says what became of the work that the key stands for. Records lie on pages, each a hash by digest of
the key: a key of its own with a time to live would cost Redis twice as much. Half of the time for which keys are kept is written on one
page, then the next is begun, and a page that nothing was written on for the whole time is thrown away. So a record is kept for at least
that time, and for half of it more at most.

A record is a text of lines: state, fingerprint, fence, token and id of the job that has the key, and the result or the error as JSON.
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

local knownPages

-- The pages, newest first: each with the moment at which it was begun, which is its name too. What somebody else put there and is no list
-- of pages counts as none.
local function pagesOf(ledgerBase)
  if not knownPages then
    knownPages = redis.pcall('ZRANGE', ledgerBase .. 'pages', 0, -1, 'REV', 'WITHSCORES')
    if knownPages.err then knownPages = {} end
  end
  return knownPages
end

-- With the page on which it stands. What somebody else put there and is no record counts as none.
local function readRecord(ledgerBase, digest)
  local pages = pagesOf(ledgerBase)
  for at = 1, #pages, 2 do
    local page = ledgerBase .. pages[at]
    local text = redis.pcall('HGET', page, digest)
    local record = type(text) == 'string' and parseRecord(text)
    if record then return record, page end
  end
  return nil
end

-- Begins a page, and throws those away that are too old.
local function turnPage(ledgerBase, keep, now, pages)
  local list, name = ledgerBase .. 'pages', string.format('%.0f', now)
  local page = ledgerBase .. name
  redis.call('DEL', page)
  if #pages == 0 then redis.call('DEL', list) end
  -- A page was written on until the next one was begun.
  for at = 3, #pages, 2 do
    if tonumber(pages[at - 1]) + keep < now then
      redis.call('UNLINK', ledgerBase .. pages[at])
      redis.call('ZREM', list, pages[at])
    end
  end
  redis.call('ZADD', list, now, name)
  knownPages = nil
  return page
end

-- fields: digest and record, in turns. Nobody is left to throw away the pages of a queue that is used no more: those end by themselves.
local function writeRecords(ledgerBase, keep, fields)
  local now, pages = nowMs(), pagesOf(ledgerBase)
  local page = ledgerBase .. (pages[1] or '')
  local isNew = #pages == 0 or tonumber(pages[2]) + keep / 2 < now
  if isNew then page = turnPage(ledgerBase, keep, now, pages) end
  local written = redis.pcall('HSET', page, unpack(fields))
  if type(written) == 'table' then
    redis.call('DEL', page)
    redis.call('HSET', page, unpack(fields))
    isNew = true
  end
  for _, key in ipairs({ page, ledgerBase .. 'pages' }) do
    if isNew then redis.call('PEXPIRE', key, 3 * keep) else redis.call('PEXPIRE', key, 3 * keep, 'GT') end
  end
end

-- Adds to fields what whoever has a key says of it. won: a record without its last line; before it the digest where that is not the
-- job's id.
local function addRecord(fields, won, id, body)
  local isById, at = string.byte(won, 2) == 10, #fields
  fields[at + 1] = isById and id or string.sub(won, 1, 32)
  fields[at + 2] = (isById and won or string.sub(won, 33)) .. body
end

local function writeRecord(ledgerBase, keep, won, id, body)
  local fields = {}
  addRecord(fields, won, id, body)
  writeRecords(ledgerBase, tonumber(keep), fields)
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
