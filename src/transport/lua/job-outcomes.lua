--[[
job-outcomes: how far jobs are.

KEYS  1 meta       hash    names the slot
ARGV  1 base       what the keys of the jobs begin with
      2 deadBase   what the keys of the dead-letter queue begin with
      3 ids        JSON array
REPLY array of { state, json }: completed with the result | dead_lettered with the DeadLetterRecord |
      failed with the message as JSON | pending | gone
WRITES nothing   COST O(ids)
]]
local base, deadBase, ids = unpack(ARGV)
local outcomes = {}
for index, id in ipairs(cjson.decode(ids)) do
  local fields = redis.call('HMGET', base .. id, 'timestamp', 'finishedOn', 'returnvalue', 'failedReason')
  if not fields[1] then
    local record = redis.call('HGET', deadBase .. id, 'bwd')
    outcomes[index] = record and { 'dead_lettered', record } or { 'gone', '' }
  elseif not fields[2] then
    outcomes[index] = { 'pending', '' }
  elseif fields[3] then
    outcomes[index] = { 'completed', fields[3] }
  else
    outcomes[index] = { 'failed', cjson.encode(fields[4] or '') }
  end
end
return outcomes
