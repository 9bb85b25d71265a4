--[[
Whether a leader of this epoch may no longer write to a queue, because a later one has or is about to. What may be written raises the
fence to its epoch. An empty epoch is no leader's: it is not checked. What is no number, written by somebody else, counts as no fence.
]]
local function highestEpoch(fence)
  local text = redis.pcall('GET', fence)
  return type(text) == 'string' and #text < 16 and string.match(text, '^%d+$') and tonumber(text) or 0
end
local function isStale(fence, epoch)
  if epoch == '' then return false end
  local highest = highestEpoch(fence)
  if tonumber(epoch) > highest then redis.call('SET', fence, epoch) end
  return tonumber(epoch) < highest
end
