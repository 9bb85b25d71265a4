--[[
steps-load: read which steps of a job are done, and with what result.

KEYS  1 job    hash
ARGV  1 most   how many steps a job can have
REPLY { steps, results }
      steps    JSON array of StepEntry, in the order in which they were done; empty when there are none
      results  one per step, JSON or empty for undefined, nil when it is missing; none when the steps cannot be read
WRITES nothing   COST O(bytes of the steps and their results)
]]
local steps = redis.call('HGET', KEYS[1], 'bws')
if not steps then return { '', {} } end
local isJson, entries = pcall(cjson.decode, steps)
if not isJson or type(entries) ~= 'table' or #entries > tonumber(ARGV[1]) then return { steps, {} } end
local fields = {}
for index, entry in ipairs(entries) do
  if type(entry) ~= 'table' or type(entry.name) ~= 'string' then return { steps, {} } end
  fields[index] = 'bws:' .. entry.name
end
if #fields == 0 then return { steps, {} } end
return { steps, redis.call('HMGET', KEYS[1], unpack(fields)) }
