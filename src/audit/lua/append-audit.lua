--[[
append-audit: write down one thing that was decided or done.

KEYS  1 day      stream   the entries of one day
ARGV  1 most     about how many entries a day keeps
      2 ttl      ms for which the day is kept after its last entry
      3 rest     the fields of the entry, each with its value
REPLY the id of the entry: the ms on Redis' clock, and a number
WRITES day   COST O(1)
]]
local day = KEYS[1]
local id = redis.call('XADD', day, 'MAXLEN', '~', ARGV[1], '*', unpack(ARGV, 3))
redis.call('PEXPIRE', day, ARGV[2])
return id
