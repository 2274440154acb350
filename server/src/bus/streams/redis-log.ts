import type { Result } from 'ioredis'
import { firstId } from './ids.ts'
import { publishWords, type Addition, type LogBounds } from './addition.ts'
import type { RawEntry } from './log-entry.ts'
import type { LogKeys } from './log-keys.ts'
import { markerScript, publishScript, tooLow } from './scripts.ts'
import type { RedisClient } from '../../redis-client.ts'

// How many entries one command drops at most: no other command waits for it longer than some milliseconds.
const droppedAtOnceMax = 10_000

declare module 'ioredis' {
  interface RedisCommander<Context> {
    sseLabPublish(keys: number, ...words: (string | number)[]): Result<string, Context>
    sseLabMarker(keys: number, ...words: (string | number)[]): Result<string, Context>
  }
}

/** The log of the streams bus as one connection to Redis sees it. All methods reject as ioredis does. */
export class RedisLog {
  readonly #redis: RedisClient
  readonly #keys: LogKeys

  constructor(redis: RedisClient, keys: LogKeys) {
    this.#redis = redis
    this.#keys = keys
    redis.defineCommand('sseLabPublish', { lua: publishScript })
    redis.defineCommand('sseLabMarker', { lua: markerScript })
  }

  /** Adds an event, and trims the log. Answers its id, or keyReused or tooManyKeys (see publish.lua). */
  async add(addition: Addition, bounds: LogBounds): Promise<string> {
    return await this.#redis.sseLabPublish(3, ...publishWords(this.#keys, addition, bounds))
  }

  /**
   * Adds a marker with this id, or as of now (*) unless there is one behind `seenAt` already (see marker.lua). Answers the id
   * of the one that is there then; undefined if Redis takes no entry with that id, because it has given a higher one.
   */
  async mark(id: string, seenAt: string): Promise<string | undefined> {
    const { log, end, marker } = this.#keys
    const answer = await this.#redis.sseLabMarker(3, log, end, marker, id, seenAt)
    return answer === tooLow ? undefined : answer
  }

  /** What follows `cursor`, at most `count`. Waits up to `blockMs` for something to follow; 0 does not wait. */
  async read(cursor: string, count: number, blockMs: number): Promise<RawEntry[]> {
    const { log } = this.#keys
    const reply =
      blockMs > 0
        ? await this.#redis.xread('COUNT', count, 'BLOCK', blockMs, 'STREAMS', log, cursor)
        : await this.#redis.xread('COUNT', count, 'STREAMS', log, cursor)
    return reply?.[0]?.[1] ?? []
  }

  /** The id of the last entry; 0-0 if there is none. */
  async lastId(): Promise<string> {
    const [last] = await this.#redis.xrevrange(this.#keys.log, '+', '-', 'COUNT', 1)
    return last?.[0] ?? firstId
  }

  /** Drops the older quarter, to make room. Answers how many entries there were. */
  async dropQuarter(): Promise<number> {
    const { log } = this.#keys
    const entries = await this.#redis.xlen(log)
    const kept = Math.floor(entries * 0.75)
    for (let left = entries; left > kept;) {
      left = Math.max(kept, left - droppedAtOnceMax)
      await this.#redis.xtrim(log, 'MAXLEN', '=', left)
    }
    return entries
  }
}
