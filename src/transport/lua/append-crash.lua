--- @include "count-up.lua"
--[[
Counts a loss of the worker in the job's hash (field `bwc`) and adds it to the history there (field `bwk`, a JSON array), keeping the
last `keep`. Only the last keeps what its process wrote.
]]
local function appendCrash(jobKey, crashJson, keep)
  countUp(jobKey, 'bwc')
  local known, crashes = pcall(cjson.decode, redis.call('HGET', jobKey, 'bwk') or '[]')
  if not known or type(crashes) ~= 'table' then crashes = {} end
  local history = {}
  for _, crash in ipairs(crashes) do
    if type(crash) == 'table' then
      crash.lines = nil
      history[#history + 1] = crash
    end
  end
  while #history >= keep do table.remove(history, 1) end
  local writable, json = pcall(cjson.encode, history)
  -- As text, so that nothing of the new one is written otherwise than it came.
  json = writable and #history > 0 and string.sub(json, 1, -2) .. ',' or '['
  redis.call('HSET', jobKey, 'bwk', json .. crashJson .. ']')
end
