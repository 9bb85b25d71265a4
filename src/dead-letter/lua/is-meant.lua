--[[
Whether a letter lies among the dead ones, and by the death that is meant: whoever chose it may have read it a while ago, and since then
it may have been redriven and have died again. An empty `diedAt` means whichever death.
]]
local function isMeant(deadFailed, deadId, diedAt)
  local score = redis.call('ZSCORE', deadFailed, deadId)
  return score and (diedAt == '' or tonumber(score) == tonumber(diedAt))
end
