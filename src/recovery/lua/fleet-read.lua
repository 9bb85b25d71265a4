--[[
fleet-read: every worker's last beat and its age. Workers that were silent for so long that their beat expired are taken off
the list and named once more with an empty beat.

KEYS  1 workers    set
ARGV  1 prefix     what the workers' keys begin with
      2 ttl        ms a beat lives
REPLY array of { id, beat, ageMs }: beat is empty and age is ttl for one that was forgotten just now
WRITES workers   COST O(workers)
]]
local prefix, ttl = unpack(ARGV)
local fleet = {}
for index, id in ipairs(redis.call('SMEMBERS', KEYS[1])) do
  local beat = redis.call('GET', prefix .. id)
  if beat then
    fleet[index] = { id, beat, tonumber(ttl) - redis.call('PTTL', prefix .. id) }
  else
    redis.call('SREM', KEYS[1], id)
    fleet[index] = { id, '', tonumber(ttl) }
  end
end
return fleet
