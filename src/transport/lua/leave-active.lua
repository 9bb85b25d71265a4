--[[
Takes a job out of `active` on behalf of its owner. Writes nothing unless all of it can be done.

The lock holds the owner's token. An empty token stands for "nobody holds it": the lock must be absent.
Returns 0, or the code to answer:
  -1 the job is gone | -2 the lock is gone | -3 not active | -6 somebody else holds the lock
]]
local function leaveActive(jobKey, activeKey, stalledKey, id, token)
  if redis.call('TYPE', jobKey).ok ~= 'hash' then return -1 end
  local lockKey = jobKey .. ':lock'
  local holder = redis.call('GET', lockKey)
  if token == '' then
    if holder then return -6 end
  elseif not holder then
    return -2
  elseif holder ~= token then
    return -6
  end
  if redis.call('LREM', activeKey, -1, id) == 0 then return -3 end
  redis.call('DEL', lockKey)
  redis.call('SREM', stalledKey, id)
  return 0
end
