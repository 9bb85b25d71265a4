--[[
breaker-ration: take calls of a breaker that closed a short while ago, of so many a second for the whole fleet.

KEYS  1 rations    hash   name to the moment of the next call that nobody has taken, in ms
ARGV  1 name       of the breaker
      2 perSecond  calls of the fleet
      3 wanted     how many to take at most
      4 saved      ms, the calls of which may be made up for
      5 wait       ms, whose calls may be taken ahead
      6 ttl        ms until it is forgotten
      7 now        ms since the epoch; empty for Redis' clock
REPLY { given, inMs }: so many calls may be made after so long; with 0 none is to be had before
WRITES rations   COST O(1)
]]
--- @include "../../transport/lua/now-ms.lua"
local name, perSecond, wanted, saved, wait, ttl, now = unpack(ARGV)
now = tonumber(now) or nowMs()
local interval = 1000 / tonumber(perSecond)
-- What somebody else put there and is no hash would hold up every call.
if redis.call('TYPE', KEYS[1]).ok ~= 'hash' then redis.call('DEL', KEYS[1]) end
local next = tonumber(redis.call('HGET', KEYS[1], name) or nil)
-- Further ahead than any that is ever set: written under another clock.
if not next or next ~= next or next > now + wait + 2000 + wanted * interval then next = 0 end
next = math.max(next, now - saved)

local given = math.min(tonumber(wanted), math.floor((now + wait - next) / interval) + 1)
if given < 1 then return { 0, math.ceil(next - wait - now) } end
redis.call('HSET', KEYS[1], name, string.format('%.3f', next + given * interval))
redis.call('PEXPIRE', KEYS[1], ttl)
return { given, math.max(0, math.ceil(next + (given - 1) * interval - now)) }
