import { z } from 'zod'
import type { Draft } from '../event.ts'
import { frameBytes, isOneLine, reservedTypes } from '../frame.ts'
import { Refusal } from './refusal.ts'
import { isTopic, topicRule } from './topics.ts'

// UTF-8 cannot carry half of a surrogate pair: it would arrive as U+FFFD, and the publisher would never know.
const unpaired = 'must not hold half of a surrogate pair, like \\ud800: UTF-8 cannot carry it'
const isWellFormed = (text: string) => text.isWellFormed()

/** What an event's topic and type must be, whether a publisher sends them or Redis gives them back. */
export const eventTopic = z.custom<string>(isTopic, `must be a topic: ${topicRule}`)
export const eventType = z
  .string('must be a string')
  .min(1, 'must not be empty; leave it out for the default type')
  .max(256, 'must be at most 256 characters')
  // [spec] A line break would end the field and start another.
  .refine(isOneLine, 'must be one line without NUL')
  .refine(isWellFormed, unpaired)
  .refine(type => !reservedTypes.includes(type), `must not be one of ${reservedTypes.join(' ')}`)

const body = z.strictObject(
  {
    topic: eventTopic,
    type: eventType.optional(),
    data: z
      .unknown()
      .refine(data => data !== undefined, 'is missing: any JSON value')
      .refine(data => typeof data !== 'string' || isWellFormed(data), unpaired),
  },
  'the body must be a JSON object with topic, data and optionally type',
)

/**
 * Checks the body of a publish, which `parseExactly` has read. `data` that is a string travels as it is, any other JSON value
 * as JSON. Throws a Refusal that names every wrong field.
 */
export function readDraft(json: unknown): Draft {
  const read = body.safeParse(JSON.isRawJSON(json) ? undefined : json)
  if (!read.success) {
    const wrong = read.error.issues.map(issue => {
      if (issue.code === 'unrecognized_keys') {
        const names = issue.keys.map(key => JSON.stringify(key.slice(0, 64))).join(', ')
        return `unknown field ${names}: the body takes only topic, type and data`
      }
      return issue.path.length > 0 ? `field "${issue.path.join('.')}" ${issue.message}` : issue.message
    })
    const topicOnly = read.error.issues.every(issue => issue.path[0] === 'topic')
    throw new Refusal(topicOnly ? 'bad-topic' : 'bad-field', `${wrong.join('; ')}.`)
  }
  const { topic, type, data } = read.data
  const fields = { ...(type !== undefined && { type }), data: typeof data === 'string' ? data : toJson(data) }
  return { topic, ...fields, bytes: frameBytes(fields) }
}

// JSON.parse takes any depth, JSON.stringify ends at the size of the stack.
function toJson(data: unknown): string {
  try {
    return JSON.stringify(data)
  } catch {
    throw new Refusal('bad-field', 'field "data" is nested too deeply.')
  }
}
