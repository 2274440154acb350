import { z } from 'zod'
import type { Draft } from '../event.ts'
import { eventData, eventTopic, eventType } from '../event-rules.ts'
import { frameBytes } from '../frame.ts'
import { Refusal } from './refusal.ts'

const body = z.strictObject(
  {
    topic: eventTopic,
    type: eventType.optional(),
    data: eventData,
  },
  'the body must be a JSON object with topic, data and optionally type',
)

/**
 * Checks what is to be published, `{ topic, type?, data }`: an object of the application, or a body that `parseExactly` has read.
 * `data` that is a string travels as it is, any other JSON value as JSON. Throws a Refusal that names every wrong field.
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

// JSON.parse takes any depth, JSON.stringify ends at the size of the stack. An application may hand over what is no JSON: a
// function (then there is no text), a BigInt, an object that holds itself.
function toJson(data: unknown): string {
  try {
    const text: unknown = JSON.stringify(data)
    if (typeof text === 'string') return text
  } catch (error) {
    if (error instanceof RangeError) throw new Refusal('bad-field', 'field "data" is nested too deeply.')
  }
  throw new Refusal('bad-field', 'field "data" must be a JSON value.')
}
