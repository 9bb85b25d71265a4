--[[
Counts finished jobs in BullMQ's metrics: a total, and a list with one number a minute, the newest first.
]]
local function countFinished(metrics, number, size, now)
  local before = redis.call('HINCRBY', metrics, 'count', number) - number
  local last = redis.call('HMGET', metrics, 'prevTS', 'prevCount')
  if not last[1] then
    redis.call('HSET', metrics, 'prevTS', now, 'prevCount', 0)
    return
  end
  local minutes = math.min(math.floor(now / 60000) - math.floor(last[1] / 60000), tonumber(size))
  if minutes < 1 then return end
  local points = { before - last[2] }
  for minute = 2, minutes do points[minute] = 0 end
  for from = 1, minutes, 5000 do
    redis.call('LPUSH', metrics .. ':data', unpack(points, from, math.min(from + 4999, minutes)))
  end
  redis.call('LTRIM', metrics .. ':data', 0, size - 1)
  redis.call('HSET', metrics, 'prevCount', before, 'prevTS', now)
end
