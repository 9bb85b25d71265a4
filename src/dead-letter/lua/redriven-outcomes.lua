--[[
redriven-outcomes: what has become of jobs that were redriven.

KEYS  1 deadFailed   zset    dead-lettered jobs, score = ms
ARGV  1 base         what the keys of the jobs begin with
      2 deadBase     what the keys of the dead-letter queue begin with
      3 rest         the jobs, each: id, and ms when it was redriven
REPLY array of { state, json }: pending | completed | dead_lettered again, with the DeadLetterRecord | failed inside its queue, or
      in an attempt since, with the message | gone
WRITES nothing   COST O(jobs)
]]
local deadFailed = KEYS[1]
local base, deadBase = unpack(ARGV)
local outcomes = {}
for at = 3, #ARGV, 2 do
  local id, since = ARGV[at], tonumber(ARGV[at + 1])
  local fields = redis.call('HMGET', base .. id, 'timestamp', 'finishedOn', 'returnvalue', 'failedReason', 'atm')
  local outcome = { 'pending', '' }
  if not fields[1] then
    local diedAt = tonumber(redis.call('ZSCORE', deadFailed, id) or '')
    -- An earlier death of the id may lie there, too.
    local isDeadAgain = diedAt and diedAt >= since
    outcome = isDeadAgain and { 'dead_lettered', redis.call('HGET', deadBase .. id, 'bwd') or '' } or { 'gone', '' }
  elseif fields[2] then
    outcome = fields[3] and { 'completed', '' } or { 'failed', fields[4] or '' }
  elseif tonumber(fields[5] or '0') ~= 0 then
    -- A redrive begins the count anew. With backoff the last attempt would come long after all others were put back.
    outcome = { 'failed', fields[4] or '' }
  end
  outcomes[#outcomes + 1] = outcome
end
return outcomes
