--- @include "../../transport/lua/append-trail.lua"
--[[
Keeps in the trail of a job what a redrive takes out of its hash: the losses of its workers, without what those wrote, and how it
died. Of a record that cannot be read the moment stays; of a death without a moment, that it was before now.
]]
local function rememberDeath(jobKey, now)
  local fields = redis.call('HMGET', jobKey, 'bwd', 'bwk', 'bwc', 'finishedOn', 'timestamp')
  local function decoded(json)
    local known, value = pcall(cjson.decode, json or '')
    return known and type(value) == 'table' and value or {}
  end
  for _, crash in ipairs(decoded(fields[2])) do
    if type(crash) == 'table' then
      crash.what, crash.lines = 'crashed', nil
      local writable, json = pcall(cjson.encode, crash)
      if writable then appendTrail(jobKey, json) end
    end
  end
  local record = decoded(fields[1])
  local err = type(record.error) == 'table' and record.error or {}
  local function text(value, most)
    return (type(value) == 'string' or type(value) == 'number') and string.sub(value, 1, most) or nil
  end
  -- What is no plain number would break the redrive off half-way.
  local function number(value)
    return value and #value < 15 and tonumber(string.match(value, '^%d+$')) or nil
  end
  appendTrail(jobKey, cjson.encode({
    at = number(fields[4]) or now, what = 'dead_lettered', reason = text(record.reason, 40), by = text(record.by, 100),
    error = text(err.name, 100), code = text(err.code, 100), message = text(err.message, 200),
    fingerprint = text(err.fingerprint, 40), crashes = number(fields[3]), enqueuedAt = number(fields[5]),
  }))
end
