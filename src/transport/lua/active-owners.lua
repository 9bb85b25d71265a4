--[[
active-owners: who holds each active job.

KEYS  1 active   list
ARGV  1 base     what the keys of the jobs begin with
      2 from     first index, from the oldest
      3 count    how many
REPLY array of { id, token, crashes }: token is empty when no lock is held. The newest of the page comes first, so that whoever puts
      them back one by one, each as the next to start, leaves the oldest in front
WRITES nothing   COST O(count)
]]
local base, from, count = unpack(ARGV)

-- A key of another type, written by somebody else, must not hide the jobs beside it.
local function textOf(...)
  local reply = redis.pcall(...)
  return type(reply) == 'string' and reply or nil
end

local last = -1 - tonumber(from)
local ids = redis.call('LRANGE', KEYS[1], last - tonumber(count) + 1, last)
local owners = {}
for index, id in ipairs(ids) do
  owners[index] = { id, textOf('GET', base .. id .. ':lock') or '', textOf('HGET', base .. id, 'bwc') or '0' }
end
return owners
