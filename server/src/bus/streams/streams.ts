import { setTimeout as pause } from 'node:timers/promises'
import type { Draft, Event } from '../../event.ts'
import type { Log } from '../../observe/facts.ts'
import { RepeatedFact } from '../../observe/repeated-fact.ts'
import type { Bus, BusLog, Once, Subscriber } from '../bus.ts'
import { BusError, busError, isOutOfMemory, KeyReused, TooManyKeys } from '../errors.ts'
import { compareIds, isId } from './ids.ts'
import { logKeys, type LogKeys } from './log-keys.ts'
import { LogReader } from './log-reader.ts'
import { toAddition, type Addition } from './addition.ts'
import { ConfirmedLog } from './confirmed-log.ts'
import { RedisLog } from './redis-log.ts'
import { keyReused, tooManyKeys } from './scripts.ts'
import type { RedisClient } from '../../redis-client.ts'

export type StreamsParts = {
  /** Publishes, and all else that is answered at once. */
  commands: RedisClient
  /** Reads the log, and nothing else: see LogReaderParts. For a bus that is subscribed to more than once, what makes one. */
  reader: RedisClient | (() => RedisClient)
  /** Default: those of the one log of one Redis. */
  keys?: LogKeys
  /** What the log keeps, in events and in bytes (as Draft counts them), and what the hub gets at a time. batchMs: see Batching. */
  bounds: { logEventsMax: number; logBytesMax: number; batchBytesMax: number; batchMs?: number }
  /** How many replicas must have an event, and a connection for that alone. Default: none. */
  confirm?: { redis: RedisClient; replicas: number }
  /** How long a publish may take in all, also where room must be made first. */
  publishTimeoutMs: number
  log: Log
}

/**
 * One log for all topics, a Redis stream, which every worker reads on from its own cursor: also the worker that
 * published, so that there is one order and one road. What was published while a worker's link was down is read when it
 * is back. README.md beside this file has what Redis holds, and the chain that shows a loss.
 * https://redis.io/docs/latest/develop/data-types/streams/
 */
export class StreamsBus implements Bus {
  readonly name = 'streams'
  readonly log: BusLog
  readonly #parts: StreamsParts
  readonly #keys: LogKeys
  readonly #redisLog: RedisLog
  readonly #confirmed: ConfirmedLog | undefined
  readonly #outOfMemory: RepeatedFact
  #reader: LogReader | undefined

  constructor(parts: StreamsParts) {
    this.#parts = parts
    this.#keys = parts.keys ?? logKeys()
    this.#outOfMemory = new RepeatedFact(parts.log, {
      text: 'Redis is out of memory: a quarter of the log is dropped',
    })
    this.#redisLog = new RedisLog(parts.commands, this.#keys)
    const { confirm, publishTimeoutMs } = parts
    this.#confirmed = confirm && new ConfirmedLog({ ...confirm, keys: this.#keys, publishTimeoutMs })
    this.log = { isId, compare: compareIds, lastId: async () => await this.#lastId() }
  }

  get ready(): boolean {
    return this.#reader?.ready ?? false
  }

  get lagMs(): number | null {
    return this.#reader?.lagMs ?? null
  }

  async publish(draft: Draft, once?: Once): Promise<Event> {
    const answer = await this.#add(toAddition(draft, once)).catch((error: unknown) => {
      throw error instanceof BusError ? error : busError('take the event', error)
    })
    if (answer === keyReused) throw new KeyReused()
    if (answer === tooManyKeys) throw new TooManyKeys()
    this.#reader?.expect(answer)
    return { ...draft, id: answer }
  }

  async subscribe(subscriber: Subscriber): Promise<void> {
    const { bounds, log } = this.#parts
    const reader = typeof this.#parts.reader === 'function' ? this.#parts.reader() : this.#parts.reader
    this.#reader = new LogReader({
      reader,
      keys: this.#keys,
      subscriber,
      batchBytesMax: bounds.batchBytesMax,
      batchMs: bounds.batchMs,
      log,
    })
    await Promise.all([this.#reader.start(), this.#confirmed?.open()])
  }

  /** Stops reading. Publishing goes on. */
  unsubscribe(): void {
    this.#reader?.close()
    this.#reader = undefined
  }

  async close(): Promise<void> {
    this.unsubscribe()
    this.#confirmed?.close()
  }

  async #lastId(): Promise<string> {
    try {
      return await this.#redisLog.lastId()
    } catch (error) {
      throw busError('say where the log ends', error)
    }
  }

  get #adder(): Pick<RedisLog, 'add'> {
    return this.#confirmed ?? this.#redisLog
  }

  // Redis refuses to grow past its memory (noeviction), but history can make room.
  async #add(addition: Addition): Promise<string> {
    const { bounds, publishTimeoutMs } = this.#parts
    const begun = performance.now()
    try {
      return await this.#adder.add(addition, bounds)
    } catch (error) {
      if (!isOutOfMemory(error)) throw error
      // Some more commands, within the time that the caller was promised for all of them.
      const leftMs = publishTimeoutMs - (performance.now() - begun)
      return await Promise.race([this.#makeRoomAndAdd(addition), outOfTime(leftMs)])
    }
  }

  async #makeRoomAndAdd(addition: Addition): Promise<string> {
    const entries = await this.#redisLog.dropQuarter()
    this.#outOfMemory.happened({ entries })
    return await this.#adder.add(addition, this.#parts.bounds)
  }
}

async function outOfTime(ms: number): Promise<never> {
  await pause(Math.max(0, ms), undefined, { ref: false })
  throw new Error('Redis was out of memory, and too slow in making room')
}
