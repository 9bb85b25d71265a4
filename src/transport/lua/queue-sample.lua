--[[
queue-sample: count a queue in every state, at one moment.

KEYS  1 wait              list
      2 prioritized       zset
      3 delayed           zset
      4 active            list
      5 completed         zset
      6 failed            zset
      7 waitingChildren   zset
      8 dead              zset
      9 meta              hash
      10 id               counter
      11 awaitingSlots    zset     set aside until their tenant has a slot, score = ms when they come back by themselves
      12 shed             zset     set aside because there was too much to do, score = ms when they come back by themselves
ARGV  1 base              what the keys of the jobs begin with
      2 soon              ms within which a delayed job counts as due soon
REPLY { waiting, prioritized, delayed, active, completed, failed, waiting-children, dead, paused, oldest, added, dueSoon,
        overdue, awaiting }
      oldest: since when, in ms, the job has been able to start that waits longest, or -1 when none waits. In each place it is looked for
              among the first, the second, the fourth and so on: jobs that came back stand in front of those that have waited for longer
      dueSoon: also those that were set aside because there was too much to do, whenever they come back by themselves: more workers would
              let them run. Without those that wait for a slot of their tenant while there is work; no worker more helps them
      added: how many jobs were ever added, those that were known already counted too
      overdue: by how many ms the first delayed job is late; 0 when it is not
      awaiting: how many wait for a slot of their tenant
WRITES nothing   COST O(log n)
]]
local base, soon = ARGV[1], tonumber(ARGV[2])
local function momentOf(text)
  return tonumber(string.match(text or '', '^%d+')) or 0
end
-- The field `bww` is of those that were put among the ready later than they were enqueued. Plain BullMQ writes none, but a job was due no
-- earlier than its delay says, unless somebody promoted it before, and came back no earlier than it was last started.
local function readyAt(id, now)
  local known = redis.pcall('HMGET', base .. id, 'timestamp', 'bww', 'processedOn', 'opts')
  if not known[1] then return nil end
  local at = momentOf(known[1])
  if not known[2] and known[4] and #known[4] < 4096 and string.find(known[4], '"delay"', 1, true) then
    local sound, opts = pcall(cjson.decode, known[4])
    local delay = sound and type(opts) == 'table' and tonumber(opts.delay) or 0
    if at + delay <= now then at = math.max(at, at + delay) end
  end
  return math.max(at, momentOf(known[2]), momentOf(known[3]))
end
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local function countAside(index, after, untilMs)
  local count = redis.pcall('ZCOUNT', index, '(' .. string.format('%.0f', after), untilMs)
  return type(count) == 'number' and count or 0
end
local oldest
local function lookAmong(length, idAt)
  local place = 1
  while place <= length and place <= 0x4000 do
    local at = readyAt(idAt(place), now)
    if at and (not oldest or at < oldest) then oldest = at end
    place = place * 2
  end
end
local waiting, prioritized = redis.call('LLEN', KEYS[1]), redis.call('ZCARD', KEYS[2])
lookAmong(waiting, function(place) return redis.call('LINDEX', KEYS[1], -place) end)
lookAmong(prioritized, function(place) return redis.call('ZRANGE', KEYS[2], place - 1, place - 1)[1] end)
local active = redis.call('LLEN', KEYS[4])
local dueBefore = (now + soon + 1) * 0x1000
local delayed = redis.call('ZCARD', KEYS[3])
local dueSoon = redis.call('ZCOUNT', KEYS[3], '-inf', '(' .. string.format('%.0f', dueBefore))
-- Whoever was promoted or removed by plain BullMQ's own calls stays on the index until it would have come back: no more gave way than are
-- delayed for longer.
dueSoon = dueSoon + math.min(delayed - dueSoon, countAside(KEYS[12], now + soon, '+inf'))
-- Where nothing is left that could run, somebody must be there to bring them back.
if waiting + prioritized + active > 0 then
  dueSoon = math.max(0, dueSoon - countAside(KEYS[11], now, string.format('%.0f', now + soon)))
end
local due = tonumber(redis.call('ZRANGE', KEYS[3], 0, 0, 'WITHSCORES')[2])
local overdue = due and math.max(0, now - math.floor(due / 0x1000)) or 0
return {
  waiting, prioritized, delayed, active,
  redis.call('ZCARD', KEYS[5]), redis.call('ZCARD', KEYS[6]), redis.call('ZCARD', KEYS[7]), redis.call('ZCARD', KEYS[8]),
  redis.call('HEXISTS', KEYS[9], 'paused'), oldest or -1,
  tonumber(redis.call('GET', KEYS[10])) or 0, dueSoon, overdue, countAside(KEYS[11], now, '+inf'),
}
