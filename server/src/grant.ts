import { z } from 'zod'
import { isTopic, topicRule } from './event-rules.ts'

const patternsMax = 1024
const rule = `must be a topic (${topicRule}), a prefix with /* behind it, or *`

// No topic holds a star, so a pattern is never mistaken for one.
const pattern = z.custom<string>(
  value => typeof value === 'string' && (value === '*' || isTopic(value.replace(/\/\*$/, ''))),
  rule,
)
const patterns = z.array(pattern).max(patternsMax, `must be at most ${patternsMax} topics`)
const schema = z.object({
  subscribe: patterns.default([]),
  publish: patterns.default([]),
  subject: z.string('must be a string').min(1).max(1024, 'must be 1 to 1024 characters').optional(),
  expiresAt: z.number('must be a number of milliseconds since 1970').optional(),
  watch: z
    .custom<NonNullable<Grant['watch']>>(value => typeof value === 'function', 'must be a function')
    .optional(),
})

/**
 * What somebody may do, topic by topic. Each entry is a topic, a prefix (`room/*`: everything below `room/`, not `room` itself),
 * or `*` for all. What is not listed is refused; a grant without entries allows nothing. As in Mercure's access tokens:
 * https://mercure.rocks/spec
 */
export type Grant = {
  subscribe?: readonly string[]
  publish?: readonly string[]
  /** Whose it is. What one subject may take of a process is bounded, and its Idempotency-Keys are its own. Default: nobody's. */
  subject?: string | undefined
  /**
   * When it ends, in milliseconds since 1970. A stream that is open then gets `event: token-expired` and ends; its client comes
   * back with its last id, and is asked again. Default: never.
   */
  expiresAt?: number | undefined
  /** Called for each stream that opens with it, with what ends that stream at once. Returns what is called when the stream is over. */
  watch?: ((end: () => void) => () => void) | undefined
}

/**
 * Checks a grant. Throws a TypeError for one bad entry: a grant that is half understood must allow nothing.
 *
 * One that is frozen, with its lists, cannot change any more: it is checked once, and all its streams share what was read.
 */
export function readGrant(given: unknown): Grant {
  const before = isObject(given) ? known.get(given) : undefined
  if (before !== undefined) return before
  const { success, data, error } = schema.safeParse(given)
  if (success) {
    if (isObject(given) && isFrozen(given)) known.set(given, data)
    return data
  }
  const [issue] = error.issues
  throw new TypeError(`grant: ${issue?.path.join('.') ?? ''} ${issue?.message}`)
}

const known = new WeakMap<object, Grant>()

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

function isFrozen(grant: object): boolean {
  // Nothing of a function is read.
  return [grant, ...Object.values(grant)].every(part => typeof part === 'function' || Object.isFrozen(part))
}

/** Whether one of the entries covers the topic, compared character by character. */
export function covers(entries: readonly string[], topic: string): boolean {
  return entries.some(entry => {
    if (entry === '*' || entry === topic) return true
    const below = entry.endsWith('/*') ? entry.slice(0, -1) : undefined
    return below !== undefined && topic.length > below.length && topic.startsWith(below)
  })
}
