-- Adds a marker to the log: an entry without an event that comes after no other, so that every worker tells a gap.
--
-- KEYS  log, its end, id of the last marker. README.md beside this file says what each holds.
-- ARGV  1 the marker's id, or * for one as of now   2 id of the entry that the loss was seen at
--
-- Answers the marker's id. One as of now is not needed if there is a marker behind the given entry already, since another
-- worker was faster: then the id of that one. "too-low" if the id is not above the log's last, where Redis takes none. If
-- it answers with an error, nothing was added.

local log, log_end, last_marker = KEYS[1], KEYS[2], KEYS[3]

-- See publish.lua.
local function refusal(...)
  for _, command in ipairs({...}) do
    local known, may = pcall(redis.acl_check_cmd, unpack(command))
    if not known then return 'ERR unknown command ' .. command[1] .. ': Redis 8.0 or later is needed' end
    if not may then return 'NOPERM this user has no permissions to run the ' .. command[1] .. ' command' end
  end
end

local function numbers(id)
  local ms, sequence = string.match(id, '^(%d+)-(%d+)$')
  return tonumber(ms), tonumber(sequence)
end

local last = redis.call('GET', last_marker)
if ARGV[1] == '*' and last then
  local last_ms, last_sequence = numbers(last)
  local seen_ms, seen_sequence = numbers(ARGV[2])
  if last_ms and (last_ms > seen_ms or (last_ms == seen_ms and last_sequence >= seen_sequence)) then return last end
end

local stop = string.match(redis.call('GET', log_end) or '', '^(%d+) ') or '0'
local refused = refusal({'SET', log_end, ''}, {'SET', last_marker, ''})
if refused then return redis.error_reply(refused) end
local id = redis.pcall('XADD', log, ARGV[1], 'start', stop, 'end', stop)
if type(id) == 'table' then
  -- Redis has no code for this one, only its words.
  if string.find(id.err, 'equal or smaller', 1, true) then return 'too-low' end
  return id
end
redis.call('SET', log_end, stop .. ' ' .. id)
redis.call('SET', last_marker, id)
return id
