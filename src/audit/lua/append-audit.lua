--[[
append-audit: write down one thing that was decided or done, if it follows from the last one.

KEYS  1 head     hash     { seq, hash, day, begins, trimmed }: where the chain stands, and where its day begins; it outlives the days
      2 day      stream   the entries of one day, each under its number: <seq>-0
ARGV  1 follows  hash of the entry that this one follows, "" to ask where the chain stands
      2 most     how many entries a day keeps
      3 ttl      ms for which the day is kept after its last entry
      4 trim     number up to which the oldest entries of the day give way, 0 for none
      5 name     the day's name, for the head
      6 rest     the fields of the entry, each with its value
REPLY { code, seq, hash, day, now, from, through }: where the chain stands after it; ms on Redis' clock; the first entry of a day that is
      full, and the last one to give way
      code  1 written | 0 the chain stands elsewhere, nothing written | -1 the day is full, nothing written
WRITES head, day   COST O(1), O(n) for n entries that give way
]]
local follows, most, ttl, trim, name = unpack(ARGV)

local function field(entry, wanted)
  for at = 1, #entry[2], 2 do
    if entry[2][at] == wanted then return entry[2][at + 1] end
  end
end

local function seqOf(entry) return tonumber(string.match(entry[1], '^%d+')) end

local head = redis.call('HMGET', KEYS[1], 'seq', 'hash', 'day', 'begins')
local seq, hash = tonumber(head[1] or 0), head[2] or string.rep('0', 64)
-- A head that was lost, or that somebody wrote past: what is written from now on must find its place all the same.
local last = redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', 1)[1]
if last and seqOf(last) > seq then seq, hash = seqOf(last), field(last, 'hash') or hash end

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if follows ~= hash then return { 0, seq, hash, head[3] or '', now, 0, 0 } end

local through = tonumber(trim)
if through == 0 and redis.call('XLEN', KEYS[2]) >= tonumber(most) then
  local oldest = redis.call('XRANGE', KEYS[2], '-', '+', 'COUNT', math.max(1, math.floor(most / 10)))
  return { -1, seq, hash, head[3] or '', now, tonumber(head[4]) or seqOf(oldest[1]), seqOf(oldest[#oldest]) }
end

seq = seq + 1
redis.call('XADD', KEYS[2], string.format('%.0f-0', seq), unpack(ARGV, 6))
hash = ARGV[#ARGV]
redis.call('HSET', KEYS[1], 'seq', string.format('%.0f', seq), 'hash', hash, 'day', name)
if head[3] ~= name then redis.call('HSET', KEYS[1], 'begins', string.format('%.0f', seq)) end
if through > 0 then
  local trimmed = redis.call('XTRIM', KEYS[2], 'MINID', string.format('%.0f-0', through + 1))
  redis.call('HINCRBY', KEYS[1], 'trimmed', trimmed)
end
redis.call('PEXPIRE', KEYS[2], ttl)
return { 1, seq, hash, name, now, 0, 0 }
