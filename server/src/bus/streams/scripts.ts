/**
 * What Redis does in one step for the streams bus. Lua: https://redis.io/docs/latest/develop/programmability/eval-intro/
 *
 * The entries of the log are a chain: each says which one it came `after`, and from where to where it reaches in the log's
 * bytes (`start`, `end`). So whoever reads on from an entry sees at once if anything between is missing, whatever has
 * trimmed or lost it; and the log's size is a subtraction. The key beside the log holds where it ends: bytes and id.
 */

/** How long a publish may be repeated with the same Idempotency-Key. */
export const onceMs = 120_000

/** How many keys are known at a time, in about 44 MB (docs/decisions.md). A publish with one more is refused. */
export const onceKeysMax = 200_000

/** Answers of publishScript that are no ids. */
export const keyReused = 'key-reused'
export const tooManyKeys = 'too-many-keys'

/** Events that one publish may trim: more than one, so that a log above a smaller bound comes down to it publish by publish. */
const trimmedEventsMax = 500

// What a script does after its first write must not fail: the event would be in the log and its publisher refused. So what
// could fail is asked before: whether Redis knows the command, and whether this user may give it.
const mayCall = `
local function refusal(...)
  for _, command in ipairs({...}) do
    local known, may = pcall(redis.acl_check_cmd, unpack(command))
    if not known then return 'ERR unknown command ' .. command[1] .. ': Redis 8.0 or later is needed' end
    if not may then return 'NOPERM this user has no permissions to run the ' .. command[1] .. ' command' end
  end
end
`

/**
 * Adds an event and trims the log towards its bounds, a bounded number of entries at a time. Answers its id.
 * With an Idempotency-Key that is known: the id of the first time if the digest is the same, else keyReused.
 * If it answers with an error, nothing was added.
 *
 * KEYS: log, its end, hash of known Idempotency-Keys.
 * ARGV: events at most, bytes at most, bytes of this event, Idempotency-Key or empty, digest, how long a key is known (ms),
 * keys at most, then fields and values.
 */
export const publishScript = `${mayCall}
local key = ARGV[4]
if key ~= '' then
  local known = redis.call('HGET', KEYS[3], key)
  if known then
    local digest, id = string.match(known, '^(%S+) (%S+)$')
    return digest == ARGV[5] and id or '${keyReused}'
  end
  if redis.call('HLEN', KEYS[3]) >= tonumber(ARGV[7]) then return '${tooManyKeys}' end
end
local start, after = string.match(redis.call('GET', KEYS[2]) or '', '^(%d+) (%d+-%d+)$')
-- The end of a log that begins, or that somebody has lost or overwritten: then every worker sees a hole here.
if not start then start, after = '0', '0-0' end
local stop = tonumber(start) + tonumber(ARGV[3])
local length = redis.call('XLEN', KEYS[1])
local remember = {'HSETEX', KEYS[3], 'PX', ARGV[6], 'FIELDS', 1, key, ''}
local refused = refusal({'SET', KEYS[2], ''}, {'XRANGE', KEYS[1], '-', '+', 'COUNT', 1},
  {'XTRIM', KEYS[1], 'MAXLEN', '=', 0}, key ~= '' and remember or nil)
if refused then return redis.error_reply(refused) end

local id = redis.call('XADD', KEYS[1], 'MAXLEN', '=', math.max(ARGV[1], length + 1 - ${trimmedEventsMax}), '*',
  'start', start, 'end', stop, 'after', after, unpack(ARGV, 8))
redis.call('SET', KEYS[2], string.format('%.0f %s', stop, id))
if key ~= '' then
  remember[8] = ARGV[5] .. ' ' .. id
  redis.call(unpack(remember))
end
-- Usually one goes for one that comes. Where more must go, more are looked at, up to 170 or about 1 MiB.
local count, bytes = 2, 0
repeat
  local oldest = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', count)
  local gone = 0
  for _, entry in ipairs(oldest) do
    -- An entry that is not ours has no start, and goes when it is the oldest.
    local from = entry[2][1] == 'start' and tonumber(entry[2][2])
    if entry[1] == id or (from and from <= stop and stop - from <= tonumber(ARGV[2])) then break end
    gone = gone + 1
    bytes = bytes + #entry[2][#entry[2]]
  end
  if gone > 0 then redis.call('XTRIM', KEYS[1], 'MAXLEN', '=', redis.call('XLEN', KEYS[1]) - gone) end
  count = count * 4
until gone < #oldest or count > 128 or bytes > 1048576
return id
`

/**
 * Adds a marker: an entry without an event that comes after no other, so that every worker sees that events are missing.
 * A marker as of now (*) is left out if there is one behind the given entry already: another worker was faster.
 * One with an id fails if that is not above the log's last. If it answers with an error, nothing was added.
 *
 * KEYS: log, its end, id of the last marker. ARGV: id or *, id of the entry that the loss was seen at.
 */
export const markerScript = `${mayCall}
local function numbers(id)
  local ms, sequence = string.match(id, '^(%d+)-(%d+)$')
  return tonumber(ms), tonumber(sequence)
end
local last = redis.call('GET', KEYS[3])
if ARGV[1] == '*' and last then
  local lastMs, lastSequence = numbers(last)
  local seenMs, seenSequence = numbers(ARGV[2])
  if lastMs and (lastMs > seenMs or (lastMs == seenMs and lastSequence >= seenSequence)) then return false end
end
local stop = string.match(redis.call('GET', KEYS[2]) or '', '^(%d+) ') or '0'
local refused = refusal({'SET', KEYS[2], ''}, {'SET', KEYS[3], ''})
if refused then return redis.error_reply(refused) end
local id = redis.call('XADD', KEYS[1], ARGV[1], 'start', stop, 'end', stop)
redis.call('SET', KEYS[2], stop .. ' ' .. id)
redis.call('SET', KEYS[3], id)
return id
`
