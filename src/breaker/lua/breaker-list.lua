--[[
breaker-list: read all breakers. Whoever reads them wants them: they are kept for another while, and without an end while one of them is
isolated, because that ends when an operator says so.

KEYS  1 breakers   hash     name to BreakerState, JSON
      2 generation counter  of all transitions
ARGV  1 ttl        ms for which breakers are kept
      2 now        ms since the epoch; empty for Redis' clock
REPLY { generation, now, { name, state, ... } }: generation 0 where there is no counter
WRITES nothing but the time to live; what is in the place of the hash or the counter, and is none, goes   COST O(breakers)
]]
--- @include "breaker-generation.lua"
--- @include "../../transport/lua/now-ms.lua"
local breakers, generation = unpack(KEYS)
local ttl, now = unpack(ARGV)
local counter = readGeneration(generation)
if counter then redis.call('PEXPIRE', generation, ttl) else redis.call('DEL', generation) end

local fields = redis.pcall('HGETALL', breakers)
if fields.err then
  redis.call('DEL', breakers)
  fields = {}
end
local isIsolated = false
for index = 2, #fields, 2 do
  -- Quotes within a word are written with a backslash, so it is the phase and nothing else.
  isIsolated = isIsolated or string.find(fields[index], '"phase":"isolated"', 1, true) ~= nil
end
if isIsolated then redis.call('PERSIST', breakers) else redis.call('PEXPIRE', breakers, ttl) end
return { counter or 0, tonumber(now) or nowMs(), fields }
