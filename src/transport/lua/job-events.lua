--[[
job-events: what the events of a queue tell of one job: a page, the newest first.

KEYS  1 events   stream
ARGV  1 id       id of the job
      2 before   id of the event below which the page begins, or + for the newest
      3 count    how many events are looked at
REPLY { next, events }: next is the `before` of the next page, or empty after the last; events: array of { event id, event, prev }
WRITES nothing   COST O(count)
]]
local id, before, count = unpack(ARGV)
local found, last = {}, ''
local page = redis.call('XREVRANGE', KEYS[1], before, '-', 'COUNT', count)
for _, entry in ipairs(page) do
  local fields = {}
  for index = 1, #entry[2], 2 do fields[entry[2][index]] = entry[2][index + 1] end
  if fields.jobId == id then found[#found + 1] = { entry[1], fields.event or '', fields.prev or '' } end
  last = entry[1]
end
return { #page == tonumber(count) and '(' .. last or '', found }
