--[[
evidence-report: tell the leader what one worker saw of its calls. Each report is marked with the moment, so that whoever leads next does
not take an old one for new.

KEYS  1 evidence   list   the moment, a blank, and an EvidenceReport as JSON; the oldest first
ARGV  1 report     EvidenceReport, JSON
      2 most       how many reports are kept
      3 ttl        ms until reports that nobody took are forgotten
      4 now        ms since the epoch; empty for Redis' clock
REPLY 0 always
WRITES evidence   COST O(1)
]]
--- @include "../../transport/lua/now-ms.lua"
local report, most, ttl, now = unpack(ARGV)
-- What somebody else put there and is no list holds no reports, and would hold up all that come.
if redis.call('TYPE', KEYS[1]).ok ~= 'list' then redis.call('DEL', KEYS[1]) end
redis.call('RPUSH', KEYS[1], string.format('%.0f ', tonumber(now) or nowMs()) .. report)
redis.call('LTRIM', KEYS[1], -tonumber(most), -1)
redis.call('PEXPIRE', KEYS[1], ttl)
return 0
