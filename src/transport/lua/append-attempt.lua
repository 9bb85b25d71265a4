--[[
Adds one attempt to the history in the job's hash (field `bwh`, a JSON array), keeping the last `keep`. A history that cannot be
read, or written back, begins anew.
]]
local function appendAttempt(jobKey, attemptJson, keep)
  if attemptJson == '' then return end
  local known, history = pcall(cjson.decode, redis.call('HGET', jobKey, 'bwh') or '[]')
  if not known or type(history) ~= 'table' then history = {} end
  history[#history + 1] = cjson.decode(attemptJson)
  while #history > keep do table.remove(history, 1) end
  local writable, json = pcall(cjson.encode, history)
  redis.call('HSET', jobKey, 'bwh', writable and json or '[' .. attemptJson .. ']')
end
