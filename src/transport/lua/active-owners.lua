--[[
active-owners: who holds each active job.

KEYS  1 active   list
ARGV  1 base     what the keys of the jobs begin with
      2 from     first index, from the oldest
      3 count    how many
REPLY array of { id, token, starts, crashes }: token is empty when no lock is held, crashes is JSON or empty. The newest of the page
      comes first, so that whoever puts them back one by one, each in front of those of its age, leaves the oldest in front
WRITES nothing   COST O(count)
]]
local base, from, count = unpack(ARGV)

-- A key of another type, written by somebody else, must not hide the jobs beside it.
local function textOf(reply)
  return type(reply) == 'string' and reply or ''
end

local last = -1 - tonumber(from)
local ids = redis.call('LRANGE', KEYS[1], last - tonumber(count) + 1, last)
local owners = {}
for index, id in ipairs(ids) do
  local job = base .. id
  local known = redis.pcall('HMGET', job, 'ats', 'bwk')
  owners[index] = { id, textOf(redis.pcall('GET', job .. ':lock')), textOf(known[1]), textOf(known[2]) }
end
return owners
