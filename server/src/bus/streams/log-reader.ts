import { setTimeout as pause } from 'node:timers/promises'
import type { Log } from '../../observe/facts.ts'
import { kindOf } from '../../observe/repeated-fact.ts'
import type { Subscriber } from '../bus.ts'
import { Batching } from './batching.ts'
import { Chain } from './chain.ts'
import { HandOver } from './hand-over.ts'
import type { RawEntry } from './log-entry.ts'
import { LogFacts } from './log-facts.ts'
import type { LogKeys } from './log-keys.ts'
import { Markers } from './markers.ts'
import { ReaderLink } from './reader-link.ts'
import { RedisLog } from './redis-log.ts'
import type { RedisClient } from '../../redis-client.ts'

// Entries that one question asks for at most.
const readCountMax = 500
/** XREAD BLOCK, in ms. Finite: each answer without an entry is used to look whether the log was lost (see Markers.check). */
export const readBlockMs = 1000
const afterErrorMs = 300

export type LogReaderParts = {
  /** A connection of its own: a question that Redis holds would keep everything behind it waiting. */
  reader: RedisClient
  keys: LogKeys
  subscriber: Subscriber
  batchBytesMax: number
  /** How long events that follow each other quickly are gathered. Default: 0. */
  batchMs?: number | undefined
  log: Log
}

/**
 * Reads the log on from a cursor and hands over every entry, once and in order: from its beginning to its end at the start,
 * and from where it was after every break of the link. Whether anything is missing, the chain knows.
 */
export class LogReader {
  readonly #link: ReaderLink
  readonly #redisLog: RedisLog
  readonly #facts: LogFacts
  readonly #chain = new Chain()
  readonly #markers: Markers
  readonly #handOver: HandOver
  readonly #batching: Batching
  // Whether the log was looked at since the link came up, or fell silent.
  #checked = false
  #readCount = readCountMax
  #ready = false
  #closed = false

  constructor({ reader, keys, subscriber, batchBytesMax, batchMs = 0, log }: LogReaderParts) {
    this.#link = new ReaderLink(reader, () => this.#linkIsLost())
    this.#redisLog = new RedisLog(reader, keys)
    this.#batching = new Batching(batchMs)
    this.#facts = new LogFacts(log)
    const [chain, facts] = [this.#chain, this.#facts]
    this.#markers = new Markers({ redisLog: this.#redisLog, chain, facts })
    this.#handOver = new HandOver({ chain, subscriber, batchBytesMax, facts })
  }

  /** Whether the log is read on: it was read to its end, and the link has held since. */
  get ready(): boolean {
    return this.#ready
  }

  /** Time from publish to this worker (ms), for the last event. Null while only what was in the log at the start was read. */
  get lagMs(): number | null {
    return this.#handOver.lagMs
  }

  /** Redis has acknowledged this event, so it must come. */
  expect(id: string): void {
    this.#chain.expect(id)
  }

  /** Resolves when the log is read to its end for the first time, and goes on. */
  async start(): Promise<void> {
    this.#link.open()
    const caughtUp = Promise.withResolvers<void>()
    // An error of the subscriber must end the process: hence no catch.
    void this.#follow(caughtUp.resolve)
    await caughtUp.promise
  }

  close(): void {
    this.#closed = true
    this.#ready = false
    this.#link.close()
  }

  async #follow(caughtUp: () => void): Promise<void> {
    while (!this.#closed) {
      await this.#link.up
      const link = this.#link.up
      const asked = this.#readCount
      const entries = await this.#read(asked)
      if (entries === undefined) continue
      await this.#handOver.take(entries)
      // A page that is not full was the last one, if the link has held.
      if (entries.length < asked && link === this.#link.up) {
        if (!this.#ready) this.#facts.readToItsEnd({ cursor: this.#chain.cursor })
        this.#ready = true
        this.#handOver.goLive()
        caughtUp()
      }
      const pauseMs = entries.length > 0 && this.#ready ? this.#batching.after(entries.length) : 0
      if (pauseMs > 0) await pause(pauseMs)
    }
  }

  /** What follows the cursor: nothing if all is quiet, undefined if Redis does not answer. */
  async #read(count: number): Promise<RawEntry[] | undefined> {
    try {
      if (!this.#checked) await this.#markers.check()
      this.#checked = true
      await this.#markers.announceLoss()
      // While there may be more to catch up with, Redis is not asked to wait for it.
      const entries = await this.#redisLog.read(this.#chain.cursor, count, this.#ready ? readBlockMs : 0)
      this.#checked = entries.length > 0
      this.#readCount = Math.min(readCountMax, count * 2)
      return entries
    } catch (error) {
      if (!this.#closed) await this.#failed(error, count)
      return undefined
    }
  }

  async #failed(error: unknown, count: number): Promise<void> {
    if (!this.#link.failed()) return
    this.#facts.unreadable.happened({ err: error, count }, kindOf(error))
    // The answer may have been too large for the link: then a smaller one may get through.
    this.#readCount = Math.max(1, Math.floor(count / 2))
    await pause(afterErrorMs)
  }

  #linkIsLost(): void {
    this.#checked = false
    this.#ready = false
  }
}
