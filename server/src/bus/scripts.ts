/**
 * What Redis does in one step for the streams bus. Lua: https://redis.io/docs/latest/develop/programmability/eval-intro/
 *
 * The entries of the log are a chain: each says which one it came `after`, and from where to where it reaches in the log's
 * bytes (`start`, `end`). So whoever reads on from an entry sees at once if anything between is missing, whatever has
 * trimmed or lost it; and the log's size is a subtraction. The key beside the log holds where it ends: bytes and id.
 */

/** How long a publish may be repeated with the same Idempotency-Key. */
export const onceMs = 120_000

/** How many keys are known at a time, in about 36 MB. A publish with one more is refused. */
export const onceKeysMax = 200_000

/** Answers of publishScript that are no ids. */
export const keyReused = 'key-reused'
export const tooManyKeys = 'too-many-keys'

/**
 * Adds an event and trims the log to its bounds. Answers its id.
 * With an Idempotency-Key that is known: the id of the first time if the digest is the same, else keyReused.
 *
 * KEYS: log, its end, hash of known Idempotency-Keys.
 * ARGV: events at most, bytes at most, bytes of this event, Idempotency-Key or empty, digest, how long a key is known (ms),
 * keys at most, then fields and values.
 */
export const publishScript = `
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
local id = redis.call('XADD', KEYS[1], 'MAXLEN', '=', ARGV[1], '*',
  'start', start, 'end', stop, 'after', after, unpack(ARGV, 8))
redis.call('SET', KEYS[2], string.format('%.0f %s', stop, id))
if key ~= '' then redis.call('HSETEX', KEYS[3], 'PX', ARGV[6], 'FIELDS', 1, key, ARGV[5] .. ' ' .. id) end
-- An entry that is not ours has no start, and goes when it is the oldest.
while true do
  local oldest = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 1)[1]
  local from = oldest[2][1] == 'start' and tonumber(oldest[2][2])
  if oldest[1] == id or (from and from <= stop and stop - from <= tonumber(ARGV[2])) then break end
  redis.call('XTRIM', KEYS[1], 'MAXLEN', '=', redis.call('XLEN', KEYS[1]) - 1)
end
return id
`

/**
 * Adds a marker: an entry without an event that comes after no other, so that every worker sees that events are missing.
 * A marker as of now (*) is left out if there is one behind the given entry already: another worker was faster.
 * One with an id fails if that is not above the log's last.
 *
 * KEYS: log, its end, id of the last marker. ARGV: id or *, id of the entry that the loss was seen at.
 */
export const markerScript = `
local function numbers(id)
  local ms, sequence = string.match(id, '^(%d+)-(%d+)$')
  return tonumber(ms), tonumber(sequence)
end
local last = redis.call('GET', KEYS[3])
if ARGV[1] == '*' and last then
  local lastMs, lastSequence = numbers(last)
  local seenMs, seenSequence = numbers(ARGV[2])
  if lastMs > seenMs or (lastMs == seenMs and lastSequence >= seenSequence) then return false end
end
local stop = string.match(redis.call('GET', KEYS[2]) or '', '^(%d+) ') or '0'
local id = redis.call('XADD', KEYS[1], ARGV[1], 'start', stop, 'end', stop)
redis.call('SET', KEYS[2], stop .. ' ' .. id)
redis.call('SET', KEYS[3], id)
return id
`
