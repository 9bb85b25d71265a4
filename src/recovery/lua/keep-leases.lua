--[[
keep-leases: keep every lease of one worker, whoever has begun or ended jobs since it was last heard of. For the guard of a worker
whose event loop is blocked: nobody can tell it what runs.

KEYS  1 active     list
      2 stalled    set
ARGV  1 base       what the keys of the jobs begin with
      2 prefix     what the worker's lease tokens begin with
      3 lease      ms
REPLY array of { id, kind, startedAt, token }: the jobs, ms since epoch; of the ten thousand active jobs that started last, and as many of
      those that started first
WRITES the jobs' locks, stalled   COST O(active)
]]
local base, prefix, lease = unpack(ARGV)

local page = 10000
local ids = redis.call('LRANGE', KEYS[1], 0, page - 1)
local more = redis.call('LLEN', KEYS[1]) - #ids
if more > 0 then
  for _, id in ipairs(redis.call('LRANGE', KEYS[1], -math.min(more, page), -1)) do ids[#ids + 1] = id end
end
local kept = {}
for _, id in ipairs(ids) do
  local job = base .. id
  local holder = redis.pcall('GET', job .. ':lock')
  if type(holder) == 'string' and string.sub(holder, 1, #prefix) == prefix then
    redis.call('PEXPIRE', job .. ':lock', lease)
    redis.call('SREM', KEYS[2], id)
    local known = redis.pcall('HMGET', job, 'name', 'processedOn')
    kept[#kept + 1] = { id, known[1] or '', known[2] or '0', holder }
  end
end
return kept
