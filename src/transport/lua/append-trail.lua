--[[
Adds one entry to the trail in the job's hash (field `bwt`, a JSON array of { at, what, ... }), which keeps the last twenty of what
happened to the job beside its attempts. What happens again at once, for the same reason and cause, is counted in its entry: `first` is when it
began, `times` how often. The entry is an object that was written by cjson. A trail that cannot be read, or has grown large, begins anew.
]]
local function appendTrail(jobKey, entryJson)
  local known, written = pcall(cjson.decode, redis.call('HGET', jobKey, 'bwt') or '[]')
  local trail = {}
  for _, entry in ipairs(known and type(written) == 'table' and written or {}) do
    if type(entry) == 'table' then trail[#trail + 1] = entry end
  end
  local entry, last = cjson.decode(entryJson), trail[#trail]
  local isAgain = last and entry.reason and last.what == entry.what and last.reason == entry.reason
  if isAgain and last.crashes == entry.crashes and last.cause == entry.cause then
    entry.first, entry.times = last.first or last.at, (tonumber(last.times) or 1) + 1
    trail[#trail] = entry
  else
    trail[#trail + 1] = entry
  end
  while #trail > 20 do table.remove(trail, 1) end
  local writable, json = pcall(cjson.encode, trail)
  redis.call('HSET', jobKey, 'bwt', writable and #json <= 20000 and json or '[' .. entryJson .. ']')
end
