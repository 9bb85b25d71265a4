--[[
lease-renew: keep the leases of running jobs. A lease that ran out while Redis could not be reached is taken again when
nobody else has started the job since.

KEYS  1 active     list
      2 stalled    set
ARGV  1 base       what the keys of the jobs begin with
      2 lease      ms
      3 jobs       JSON array of { id, token, starts }: starts is the job's count of starts (`ats`) when it was fetched
REPLY  array of the tokens whose lease is lost
WRITES the jobs' locks, stalled   COST O(jobs); O(active) for a lease that ran out
]]
local active, stalled = unpack(KEYS)
local base, lease, jobs = unpack(ARGV)

local lost = {}
for _, job in ipairs(cjson.decode(jobs)) do
  local jobKey = base .. job.id
  local holder = redis.call('GET', jobKey .. ':lock')
  local ours = holder == job.token
  if not holder then
    ours = tonumber(redis.call('HGET', jobKey, 'ats')) == job.starts and redis.call('LPOS', active, job.id) ~= false
  end
  if ours then
    -- Before SET: PEXPIRE needs no memory, and a script that has written may go on when Redis has none left.
    redis.call('PEXPIRE', jobKey .. ':lock', lease)
    if not holder then redis.call('SET', jobKey .. ':lock', job.token, 'PX', lease) end
    redis.call('SREM', stalled, job.id)
  else
    lost[#lost + 1] = job.token
  end
end
return lost
