import { z } from 'zod'

/** What an event may be, whether a publisher sends it or Redis gives it back. */

const topicPattern = /^[A-Za-z0-9._~:/@%-]{1,256}$/

/** What a topic is, for people who got it wrong. */
export const topicRule = '1 to 256 characters of A-Z a-z 0-9 . _ ~ : / @ % -'

export function isTopic(value: unknown): value is string {
  return typeof value === 'string' && topicPattern.test(value)
}

/** Types that the server sends itself, or that mean something else to an EventSource. A publisher may not use them. */
const reservedTypes: readonly string[] = ['hello', 'gap', 'heartbeat', 'token-expired', 'open', 'error']

/** [spec] CR and LF each end a line, and an id that holds NUL is ignored. */
export function isOneLine(text: string): boolean {
  return !/[\r\n\0]/.test(text)
}

// UTF-8 cannot carry half of a surrogate pair: it would arrive as U+FFFD, and the publisher would never know.
const unpaired = 'must not hold half of a surrogate pair, like \\ud800: UTF-8 cannot carry it'
const isWellFormed = (text: string) => text.isWellFormed()

export const eventTopic = z.custom<string>(isTopic, `must be a topic: ${topicRule}`)
export const eventType = z
  .string('must be a string')
  .min(1, 'must not be empty; leave it out for the default type')
  .max(256, 'must be at most 256 characters')
  // [spec] A line break would end the field and start another.
  .refine(isOneLine, 'must be one line without NUL')
  .refine(isWellFormed, unpaired)
  .refine(type => !reservedTypes.includes(type), `must not be one of ${reservedTypes.join(' ')}`)

/** Any JSON value. */
export const eventData = z
  .unknown()
  .refine(data => data !== undefined, 'is missing: any JSON value')
  .refine(data => typeof data !== 'string' || isWellFormed(data), unpaired)
