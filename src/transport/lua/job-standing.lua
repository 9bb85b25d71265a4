--[[
job-standing: how near a job is to being run, and what is in its way, at one moment.

KEYS  1 job          hash
      2 wait         list
      3 active       list
      4 prioritized  zset
      5 delayed      zset
      6 meta         hash
      7 limiter      counter of the rate limit
ARGV  1 id           id of the job
      2 parkedBase   what the keys of the indexes of parked jobs begin with
      3 within       how many of those that wait are looked at
REPLY { ahead, due, parked, token, leased, paused, concurrency, active, limited, children, now }
      ahead: how many go before it, or -1 when it does not wait or too many do; due: ms, or -1 when it is not delayed; parked: why it
      is set aside, or empty; token: of its lease, or empty; leased: ms until the lease ends, or -1; paused: 1 when the queue is;
      concurrency: how many jobs the queue runs at most, or -1; active: how many it runs; limited: ms for which its rate limit holds;
      children: how many it waits for
WRITES nothing   COST O(within + log n)
]]
--- @include "now-ms.lua"
local job, wait, active, prioritized, delayed, meta, limiter = unpack(KEYS)
local id, parkedBase, within = unpack(ARGV)

-- What lies there may be of another type, written by somebody else: it must not hide the rest.
local function ask(otherwise, ...)
  local reply = redis.pcall(...)
  if not reply or type(reply) == 'table' and reply.err then return otherwise end
  return reply
end

local now = nowMs()
local ahead = -1
local waiting = ask(0, 'LLEN', wait)
local place = ask(nil, 'LPOS', wait, id, 'RANK', -1, 'MAXLEN', within)
local rank = ask(nil, 'ZRANK', prioritized, id)
if place then ahead = waiting - 1 - place elseif rank then ahead = waiting + rank end

local score = ask(nil, 'ZSCORE', delayed, id)
local due = score and math.floor(tonumber(score) / 0x1000) or -1
local reason = ask(nil, 'HGET', job, 'bwp')
local parkedUntil = score and reason and ask(nil, 'ZSCORE', parkedBase .. reason, id)

local token = ask('', 'GET', job .. ':lock')
local settings = ask({}, 'HMGET', meta, 'paused', 'concurrency', 'max')
local max = tonumber(settings[3] or nil)
local isLimited = max and (tonumber(ask(nil, 'GET', limiter)) or 0) >= max
return {
  ahead, due, parkedUntil and reason or '', token, token ~= '' and redis.call('PTTL', job .. ':lock') or -1, settings[1] and 1 or 0,
  tonumber(settings[2] or nil) or -1, ask(0, 'LLEN', active), isLimited and math.max(redis.call('PTTL', limiter), 0) or 0,
  ask(0, 'SCARD', job .. ':dependencies'), now,
}
