import { z } from 'zod'
import type { Draft } from './event.ts'
import { reservedTypes } from './frame.ts'
import { Refusal } from './refusal.ts'
import { isTopic, topicRule } from './topics.ts'

const body = z.strictObject(
  {
    topic: z.custom<string>(isTopic, `must be a topic: ${topicRule}`),
    type: z
      .string('must be a string')
      .min(1, 'must not be empty; leave it out for the default type')
      .max(256, 'must be at most 256 characters')
      // [spec] A line break would end the field and start another; NUL has no place in a field of ours either.
      .regex(/^[^\r\n\0]*$/, 'must be one line without NUL')
      .refine(type => !reservedTypes.includes(type), `must not be one of ${reservedTypes.join(' ')}`)
      .optional(),
    data: z.unknown().refine(data => data !== undefined, 'is missing: any JSON value'),
  },
  'the body must be a JSON object with topic, data and optionally type',
)

/**
 * Checks the body of a publish. `data` that is a string travels as it is, any other JSON value as JSON.
 * Throws a Refusal that names every wrong field.
 */
export function readDraft(json: unknown): Draft {
  const read = body.safeParse(json)
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
  const text = typeof data === 'string' ? data : toJson(data)
  return type === undefined ? { topic, data: text } : { topic, type, data: text }
}

// JSON.parse takes any depth, JSON.stringify ends at the size of the stack.
function toJson(data: unknown): string {
  try {
    return JSON.stringify(data)
  } catch {
    throw new Refusal('bad-field', 'field "data" is nested too deeply.')
  }
}
