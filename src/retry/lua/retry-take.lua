--[[
retry-take: a job that has failed before is about to run again, and takes that from the retry budget of what made it fail. What this worker
has to bring in comes along.

KEYS  1 job           hash     the history of its attempts tells what made it fail
      2 lock          string   the job's lease
ARGV  1 now           ms since epoch, or empty for Redis' clock
      2 token         the lease's token
      3 budgetBase    what the keys of the queue's budgets begin with: hashes of left and at, in one slot with the job
      4 capacity      what time fills a budget up to, in thousandths of a retry
      5 perMs         thousandths that a millisecond brings in
      6 perFirst      thousandths that a first attempt brings in
      7 fade          ms after which nothing is left of what is more than the capacity
      8 cannotWait    1 when the job would be too late if it waited, else 0
      9 rest          the budgets of the job's kind: name, first attempts to be counted; the one of `-` is for all other causes
REPLY { name, code }  of the budget that was asked
      code  0 taken | 1 overdrawn | -1 empty, the job is to wait | -6 lease lost, nothing is written
WRITES the budgets; each expires when it is at its capacity: one that is not there is full   COST O(names + bytes of bwh)
]]
--- @include "../../transport/lua/now-ms.lua"
local job, lock = unpack(KEYS)
local now, budgetBase = tonumber(ARGV[1]) or nowMs(), ARGV[3]
local capacity, perMs, perFirst = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local fade, cannotWait, oneRetry = tonumber(ARGV[7]), ARGV[8] == '1', 1000

-- While Redis was away somebody else may have got the job, or be about to.
if redis.call('GET', lock) ~= ARGV[2] then return { '-', -6 } end

-- Anybody may have written the history, and the budgets.
local function lastDependency()
  local known, history = pcall(cjson.decode, redis.call('HGET', job, 'bwh') or '[]')
  local last = known and type(history) == 'table' and history[#history]
  return type(last) == 'table' and last.dependency
end

local function whole(text)
  return tonumber(string.match(text or '', '^%-?%d%d?%d?%d?%d?%d?%d?%d?%d?%d?%d?%d?%d?%d?%d?$'))
end

local function leftOf(name)
  local fields = redis.call('HMGET', budgetBase .. name, 'left', 'at')
  local left, at = whole(fields[1]), whole(fields[2])
  if not (left and at) then return capacity end
  local passed = math.max(0, now - at)
  if left <= capacity then return math.min(capacity, math.max(-capacity, left) + passed * perMs) end
  return capacity + math.floor((left - capacity) * math.max(0, fade - passed) / fade)
end

local function keep(name, left)
  local key = budgetBase .. name
  if left == capacity then return redis.call('DEL', key) end
  redis.call('HSET', key, 'left', string.format('%.0f', left), 'at', string.format('%.0f', now))
  local expiry = left > capacity and fade or math.ceil((capacity - left) / perMs)
  redis.call('PEXPIRE', key, string.format('%.0f', expiry))
end

local dependency, name = lastDependency(), '-'
for index = 9, #ARGV, 2 do
  if ARGV[index] == dependency then name = dependency end
end

local code
for index = 9, #ARGV, 2 do
  local budget, firsts = ARGV[index], tonumber(ARGV[index + 1])
  if budget == name or firsts > 0 then
    local left = leftOf(budget) + firsts * perFirst
    if budget == name then
      code = left >= oneRetry and 0 or cannotWait and 1 or -1
      if code >= 0 then left = math.max(left - oneRetry, -capacity) end
    end
    keep(budget, left)
  end
end
return { name, code }
