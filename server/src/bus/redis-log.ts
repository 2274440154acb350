import type { Redis, Result } from 'ioredis'
import { z } from 'zod'
import type { Event } from '../event.ts'
import { firstId } from './ids.ts'
import { markerScript, onceKeysMax, onceMs, publishScript } from './scripts.ts'

const logKey = 'sse-lab:log'
const endKey = 'sse-lab:log-end'
const markerKey = 'sse-lab:log-marker'
const onceKey = 'sse-lab:once'

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
      it.once?.key ?? '',
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
    await this.#redis.xtrim(logKey, 'MAXLEN', '=', Math.floor(entries * 0.75))
    return entries
  }
}

/** Whether Redis refused because it may not grow (noeviction). */
export function isOutOfMemory(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('OOM')
}

const fields = z.object({
  start: z.coerce.number(),
  end: z.coerce.number(),
  after: z.string().exactOptional(),
  topic: z.string().default(''),
  type: z.string().exactOptional(),
  data: z.string().default(''),
})

/** Reads an entry; undefined if it is not one of ours: anyone who reaches Redis can write there. */
export function readLogEntry([id, list]: RawEntry): LogEntry | undefined {
  const pairs = Array.from({ length: list.length / 2 }, (_, n) => [list[2 * n], list[2 * n + 1]])
  const read = fields.safeParse(Object.fromEntries(pairs))
  if (!read.success) return undefined
  const { start, end, after, ...event } = read.data
  return { start, end, ...(after !== undefined && { after }), event: { id, ...event, bytes: end - start } }
}
