--- @include "append-trail.lua"
--[[
Tells in the trail of a job that it was brought back. A job may be set aside and brought back many times in a row: the entry of its last
parking tells of it, and is counted as before.
]]
local function noteReturn(job, at, reason)
  local known, trail = pcall(cjson.decode, redis.call('HGET', job, 'bwt') or '[]')
  local last = known and type(trail) == 'table' and trail[#trail]
  if type(last) ~= 'table' or last.what ~= 'parked' or last.reason ~= reason then
    return appendTrail(job, cjson.encode({ at = at, what = 'returned', reason = reason }))
  end
  last.returned = at
  local writable, json = pcall(cjson.encode, trail)
  if writable then redis.call('HSET', job, 'bwt', json) end
end
