--[[
active-owners: who holds each active job.

KEYS  1 active   list
ARGV  1 base     what the keys of the jobs begin with
      2 from     first index, from the oldest
      3 count    how many
REPLY array of { id, token, crashes }: token is empty when no lock is held
WRITES nothing   COST O(count)
]]
local base, from, count = unpack(ARGV)
local last = -1 - tonumber(from)
local ids = redis.call('LRANGE', KEYS[1], last - tonumber(count) + 1, last)
local owners = {}
for index, id in ipairs(ids) do
  owners[index] = { id, redis.call('GET', base .. id .. ':lock') or '', redis.call('HGET', base .. id, 'bwc') or '0' }
end
return owners
