--[[
fleet-read: one page of the list of workers, with the last beat of each and its age. Workers that were silent for so long that their
beat expired are taken off the list and named once more with an empty beat.

KEYS  1 workers    set
ARGV  1 prefix     what the workers' keys begin with
      2 ttl        ms a beat lives
      3 cursor     where the page begins: 0, or what the page before answered
      4 count      how many workers, about
      5 last       index of the last byte that is asked of each beat; -1 for the whole beat
REPLY { cursor, id, beat, ageMs, id, beat, ageMs, … }: cursor is 0 after the last page; beat is empty and age is ttl for a worker that
      was forgotten just now. A worker that is on the list all the time is named at least once, maybe twice
WRITES workers   COST O(count)
]]
local prefix, ttl, cursor, count, last = unpack(ARGV)
local page = redis.call('SSCAN', KEYS[1], cursor, 'COUNT', count)
local reply = { page[1] }
for index, id in ipairs(page[2]) do
  local age = tonumber(ttl) - redis.call('PTTL', prefix .. id)
  local beat = redis.call('GETRANGE', prefix .. id, 0, last)
  if beat == '' then
    redis.call('SREM', KEYS[1], id)
    age = tonumber(ttl)
  end
  reply[index * 3 - 1], reply[index * 3], reply[index * 3 + 1] = id, beat, age
end
return reply
