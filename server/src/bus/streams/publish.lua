-- Adds an event to the log and trims the log towards its bounds, a bounded number of entries at a time.
--
-- KEYS  log, its end, hash of known Idempotency-Keys. README.md beside this file says what each holds.
-- ARGV  1 events at most   2 bytes at most   3 bytes of this event   4 hash of its Idempotency-Key, or empty
--       5 digest of the event   6 how long a key is known (ms)   7 known keys at most   8... fields and values
--
-- Answers the event's id. With an Idempotency-Key that is known: the id of the first time if the digest is the same, else
-- "key-reused". With one key too many: "too-many-keys". If it answers with an error, nothing was added.

local log, log_end, known_keys = KEYS[1], KEYS[2], KEYS[3]
local bytes_max = tonumber(ARGV[2])
local key, digest = ARGV[4], ARGV[5]
-- More than one, so that a log above a smaller bound comes down to it publish by publish.
local trimmed_events_max = 500
-- What one publish looks at to trim by bytes: entries in one question, and bytes of data in all.
local looked_at_max, looked_at_bytes_max = 128, 1048576

-- What a script does after its first write must not fail: the event would be in the log and its publisher refused. So what
-- could fail is asked before: whether Redis knows the command, and whether this user may give it.
-- The same function stands in marker.lua: a script cannot load another.
local function refusal(...)
  for _, command in ipairs({...}) do
    local known, may = pcall(redis.acl_check_cmd, unpack(command))
    if not known then return 'ERR unknown command ' .. command[1] .. ': Redis 8.0 or later is needed' end
    if not may then return 'NOPERM this user has no permissions to run the ' .. command[1] .. ' command' end
  end
end

if key ~= '' then
  local known = redis.call('HGET', known_keys, key)
  if known then
    local first_digest, first_id = string.match(known, '^(%S+) (%S+)$')
    return first_digest == digest and first_id or 'key-reused'
  end
  if redis.call('HLEN', known_keys) >= tonumber(ARGV[7]) then return 'too-many-keys' end
end

local start, after = string.match(redis.call('GET', log_end) or '', '^(%d+) (%d+-%d+)$')
-- The end of a log that begins, or that somebody has lost or overwritten: then every worker sees a gap here.
if not start then start, after = '0', '0-0' end
local stop = tonumber(start) + tonumber(ARGV[3])
local length = redis.call('XLEN', log)
local remember = {'HSETEX', known_keys, 'PX', ARGV[6], 'FIELDS', 1, key, ''}
local refused = refusal({'SET', log_end, ''}, {'XRANGE', log, '-', '+', 'COUNT', 1},
  {'XTRIM', log, 'MAXLEN', '=', 0}, key ~= '' and remember or nil)
if refused then return redis.error_reply(refused) end

local id = redis.call('XADD', log, 'MAXLEN', '=', math.max(ARGV[1], length + 1 - trimmed_events_max), '*',
  'start', start, 'end', stop, 'after', after, unpack(ARGV, 8))
-- %.0f: as plain digits up to 2^53. tostring would write 1e+14.
redis.call('SET', log_end, string.format('%.0f %s', stop, id))
if key ~= '' then
  remember[8] = digest .. ' ' .. id
  redis.call(unpack(remember))
end

-- By bytes. Usually one entry goes for one that comes. Where more must go, four times as many are looked at each time: up
-- to 170 in all, or about 1 MiB.
local count, bytes = 2, 0
repeat
  local oldest = redis.call('XRANGE', log, '-', '+', 'COUNT', count)
  local gone = 0
  for _, entry in ipairs(oldest) do
    local fields = entry[2]
    -- An entry that no worker has written has no start, and goes when it is the oldest.
    local from = fields[1] == 'start' and tonumber(fields[2])
    if entry[1] == id or (from and from <= stop and stop - from <= bytes_max) then break end
    gone = gone + 1
    bytes = bytes + #fields[#fields]
  end
  if gone > 0 then redis.call('XTRIM', log, 'MAXLEN', '=', redis.call('XLEN', log) - gone) end
  count = count * 4
until gone < #oldest or count > looked_at_max or bytes > looked_at_bytes_max
return id
