import { createHash } from 'node:crypto'
import type { Redis, Result } from 'ioredis'
import { z } from 'zod'
import { eventTopic, eventType } from '../../event-rules.ts'
import type { Event } from '../../event.ts'
import { firstId, isId } from './ids.ts'
import { markerScript, onceKeysMax, onceMs, publishScript } from './scripts.ts'

const logKey = 'sse-lab:log'
const endKey = 'sse-lab:log-end'
const markerKey = 'sse-lab:log-marker'
const onceKey = 'sse-lab:once'
// How many entries one command drops at most: no other command waits for it longer than some milliseconds.
const droppedAtOnceMax = 10_000

declare module 'ioredis' {
  interface RedisCommander<Context> {
    sseLabPublish(keys: number, ...words: (string | number)[]): Result<string, Context>
    sseLabMarker(keys: number, ...words: (string | number)[]): Result<string | null, Context>
  }
}

/** An entry of the stream as Redis gives it. */
export type RawEntry = [id: string, list: string[]]

/** `after` is missing from a marker, which comes after no entry and holds an event of no topic. */
export type LogEntry = { start: number; end: number; after?: string; event: Event }

/** `digest` tells whether a repeated publish is the same one. */
export type Addition = {
  fields: string[]
  bytes: number
  once: { key: string; digest: string } | undefined
}

/** The log of the streams bus as one connection to Redis sees it. All methods reject as ioredis does. */
export class RedisLog {
  readonly #redis: Redis

  constructor(redis: Redis) {
    this.#redis = redis
    redis.defineCommand('sseLabPublish', { lua: publishScript })
    redis.defineCommand('sseLabMarker', { lua: markerScript })
  }

  /** Adds an event. Answers as publishScript does. */
  async add(it: Addition, bounds: { logEventsMax: number; logBytesMax: number }): Promise<string> {
    return await this.#redis.sseLabPublish(
      3,
      logKey,
      endKey,
      onceKey,
      bounds.logEventsMax,
      bounds.logBytesMax,
      it.bytes,
      // Its hash: a key may be 255 characters, and what Redis keeps of it must have a known size.
      it.once === undefined ? '' : createHash('sha256').update(it.once.key).digest('base64url'),
      it.once?.digest ?? '',
      onceMs,
      onceKeysMax,
      ...it.fields,
    )
  }

  /** Adds a marker, as markerScript says. */
  async mark(id: string, seenAt: string): Promise<void> {
    await this.#redis.sseLabMarker(3, logKey, endKey, markerKey, id, seenAt)
  }

  /** What follows `cursor`, at most `count`. Waits up to `blockMs` for something to follow; 0 does not wait. */
  async read(cursor: string, count: number, blockMs: number): Promise<RawEntry[]> {
    const reply =
      blockMs > 0
        ? await this.#redis.xread('COUNT', count, 'BLOCK', blockMs, 'STREAMS', logKey, cursor)
        : await this.#redis.xread('COUNT', count, 'STREAMS', logKey, cursor)
    return reply?.[0]?.[1] ?? []
  }

  /** The id of the last entry. */
  async lastId(): Promise<string> {
    const [last] = await this.#redis.xrevrange(logKey, '+', '-', 'COUNT', 1)
    return last?.[0] ?? firstId
  }

  /** Drops the older quarter, to make room. Answers how many entries there were. */
  async dropQuarter(): Promise<number> {
    const entries = await this.#redis.xlen(logKey)
    const kept = Math.floor(entries * 0.75)
    for (let left = entries; left > kept;) {
      left = Math.max(kept, left - droppedAtOnceMax)
      await this.#redis.xtrim(logKey, 'MAXLEN', '=', left)
    }
    return entries
  }
}

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
    return start <= end ? { start, end, after, event: { id, ...draft, bytes: end - start } } : undefined
  }
  const read = marker.safeParse(fields)
  return read.success ? { ...read.data, event: { id, topic: '', data: '', bytes: 0 } } : undefined
}
