--[[
Renames a job's hash and what belongs to it: its logs, and what its children returned. Ties to children that have not ended, or
failed, are cut: nobody would tell the job under its new name of them.
]]
local function moveJob(from, to)
  redis.call('RENAME', from, to)
  for _, part in ipairs({ ':logs', ':processed', ':failed' }) do
    if redis.call('EXISTS', from .. part) == 1 then redis.call('RENAME', from .. part, to .. part) end
  end
  redis.call('DEL', from .. ':dependencies', from .. ':unsuccessful')
end
