--[[
Adds what else happened to a job, as JSON { at, what, … }, to the trail in its hash (field `bwt`, a JSON array), keeping the last 20. A
trail that cannot be read, or is longer than such entries are, begins anew.
]]
local function appendTrail(jobKey, entryJson)
  local text = redis.call('HGET', jobKey, 'bwt') or '[]'
  local known, trail = pcall(cjson.decode, #text <= 16384 and text or '[]')
  local entries = {}
  if known and type(trail) == 'table' then
    for _, entry in ipairs(trail) do
      if type(entry) == 'table' then entries[#entries + 1] = entry end
    end
  end
  while #entries >= 20 do table.remove(entries, 1) end
  local writable, json = pcall(cjson.encode, entries)
  -- As text, so that nothing of the new one is written otherwise than it came.
  json = writable and #entries > 0 and string.sub(json, 1, -2) .. ',' or '['
  redis.call('HSET', jobKey, 'bwt', json .. entryJson .. ']')
end
