--[[
job-places: where jobs are, at one moment.

KEYS  1 wait             list
      2 paused           list
      3 active           list
      4 prioritized      zset
      5 delayed          zset
      6 waitingChildren  zset
      7 completed        zset
      8 failed           zset
ARGV  1 base             what the keys of the jobs begin with
      2 ids              JSON array
REPLY array of { hash, leased, places }, in the order of the ids
      hash: 0 none | 1 a hash that is no job | 2 a job; leased: 1 when somebody holds its lease
      places: one letter for each time the id stands in a state: w p a r d c o f, in the order of the keys
WRITES nothing   COST O(wait + paused + active + ids · log n)
]]
local base, ids = ARGV[1], cjson.decode(ARGV[2])
local places = {}
for _, id in ipairs(ids) do places[id] = '' end

local lists = { 'w', 'p', 'a' }
for index, letter in ipairs(lists) do
  for _, id in ipairs(redis.call('LRANGE', KEYS[index], 0, -1)) do
    if places[id] then places[id] = places[id] .. letter end
  end
end
local sets = { 'r', 'd', 'c', 'o', 'f' }
for index, letter in ipairs(sets) do
  for _, id in ipairs(ids) do
    if redis.call('ZSCORE', KEYS[3 + index], id) then places[id] = places[id] .. letter end
  end
end

local reply = {}
for index, id in ipairs(ids) do
  local key = base .. id
  local hash = 0
  if redis.call('TYPE', key)['ok'] == 'hash' then
    hash = redis.call('HEXISTS', key, 'timestamp') == 1 and 2 or 1
  end
  reply[index] = { hash, redis.call('EXISTS', key .. ':lock'), places[id] }
end
return reply
