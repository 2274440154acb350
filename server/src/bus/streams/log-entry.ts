import { z } from 'zod'
import { eventTopic, eventType } from '../../event-rules.ts'
import type { Event } from '../../event.ts'
import type { ChainEntry } from './chain.ts'
import { isId } from './ids.ts'

/** An entry of the stream as Redis gives it: its id, then field, value, field, value. */
export type RawEntry = [id: string, list: string[]]

/** An entry that a worker has written. A marker holds an event of no topic, '', that no stream can have asked for. */
export type LogEntry = ChainEntry & { event: Event }

const offset = z
  .string()
  .regex(/^\d{1,15}$/)
  .transform(Number)

const marker = z.strictObject({ start: offset, end: offset })
const entry = z.object({
  start: offset,
  end: offset,
  after: z.string().refine(isId),
  topic: eventTopic,
  type: eventType.exactOptional(),
  data: z.string(),
})

/**
 * Reads an entry; undefined if no worker can have written it: anyone who reaches Redis can write there, and what is no
 * event for a publisher must be none for a stream.
 */
export function readLogEntry([id, list]: RawEntry): LogEntry | undefined {
  const pairs = Array.from({ length: list.length / 2 }, (_, n) => [list[2 * n], list[2 * n + 1]])
  const fields: unknown = Object.fromEntries(pairs)
  const event = entry.safeParse(fields)
  if (event.success) {
    const { start, end, after, ...draft } = event.data
    if (start > end) return undefined
    return { id, start, end, after, event: { id, ...draft, bytes: end - start } }
  }
  const read = marker.safeParse(fields)
  return read.success ? { id, ...read.data, event: { id, topic: '', data: '', bytes: 0 } } : undefined
}
