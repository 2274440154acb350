import { setTimeout as pause } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import type { Event } from '../../event.ts'
import type { Log } from '../../observe/log.ts'
import { kindOf } from '../../observe/repeated-fact.ts'
import { Awaited } from './awaited.ts'
import type { Subscriber } from '../bus.ts'
import { isOutOfMemory } from '../errors.ts'
import { compareIds, firstId, highestId, idAbove, idBelow, idTime } from './ids.ts'
import { LogFacts } from './log-facts.ts'
import { readLogEntry, RedisLog, type LogEntry, type RawEntry } from './redis-log.ts'

const readCountMax = 500
// How long Redis holds the question for more. Never for ever: each silence is used to look whether the log is still ours.
const readBlockMs = 1000
const afterErrorMs = 300

export type LogReaderParts = {
  /** A connection of its own: a question that Redis holds would keep everything behind it waiting. */
  reader: Redis
  subscriber: Subscriber
  batchBytesMax: number
  log: Log
}

/**
 * Reads the log on from a cursor and hands over every entry, once and in order. From its beginning to its end at the
 * start, and from where it was after every break of the link. What is missing between two entries is told as a gap.
 */
export class LogReader {
  readonly #parts: LogReaderParts
  readonly #redisLog: RedisLog
  readonly #facts: LogFacts
  readonly #awaited = new Awaited()
  #cursor = firstId
  // The last entry of ours, that the next one must come after; undefined before the first.
  #last: { id: string; end: number } | undefined
  // Where a loss was seen that other workers may not see by themselves.
  #toMark: string | undefined
  #link = Promise.withResolvers<void>()
  #linkIsUp = false
  // Whether the log was looked at since the link came up, or fell silent.
  #checked = false
  #readCount = readCountMax
  #ready = false
  // Whether the log was read to its end once: what comes from then on somebody waited for.
  #isLive = false
  #closed = false
  #lagMs: number | null = null

  constructor(parts: LogReaderParts) {
    this.#parts = parts
    this.#redisLog = new RedisLog(parts.reader)
    this.#facts = new LogFacts(parts.log)
  }

  /** Whether the log is read on: it was read to its end, and the link has held since. */
  get ready(): boolean {
    return this.#ready
  }

  /** Not of what was in the log at the start: that is history, and its age no lag. */
  get lagMs(): number | null {
    return this.#lagMs
  }

  /** Redis has acknowledged this event, so it must come. */
  expect(id: string): void {
    if (compareIds(id, this.#cursor) <= 0) return
    // So far behind, we cannot know whether one gets lost: then it may be.
    if (!this.#awaited.add(id)) this.#toMark = id
  }

  /** Resolves when the log is read to its end for the first time, and goes on. */
  async start(): Promise<void> {
    const { reader } = this.#parts
    reader.on('ready', () => {
      this.#linkIsUp = true
      this.#link.resolve()
    })
    reader.on('close', () => this.#linkIsDown())
    reader.connect().catch(() => undefined) // retried by ioredis, reported by its 'error' event
    const caughtUp = Promise.withResolvers<void>()
    // An error of the subscriber must end the process: hence no catch.
    void this.#follow(caughtUp.resolve)
    await caughtUp.promise
  }

  close(): void {
    this.#closed = true
    this.#ready = false
    this.#parts.reader.disconnect()
  }

  async #follow(caughtUp: () => void): Promise<void> {
    while (!this.#closed) {
      await this.#link.promise
      const link = this.#link
      const asked = this.#readCount
      const entries = await this.#read(asked)
      if (entries === undefined) continue
      await this.#take(entries)
      // A page that is not full was the last one, if the link has held.
      if (entries.length < asked && link === this.#link) {
        if (!this.#ready) this.#facts.readToItsEnd({ cursor: this.#cursor })
        this.#ready = this.#isLive = true
        caughtUp()
      }
    }
  }

  /** What follows the cursor: nothing if all is quiet, undefined if Redis does not answer. */
  async #read(count: number): Promise<RawEntry[] | undefined> {
    const { reader } = this.#parts
    try {
      if (!this.#checked) await this.#check()
      if (this.#toMark !== undefined) await this.#mark('*', this.#toMark)
      this.#toMark = undefined
      // While there may be more to catch up with, Redis is not asked to wait for it.
      const entries = await this.#redisLog.read(this.#cursor, count, this.#ready ? readBlockMs : 0)
      this.#checked = entries.length > 0
      this.#readCount = Math.min(readCountMax, count * 2)
      return entries
    } catch (error) {
      if (this.#closed) return undefined
      this.#linkIsDown()
      // The link may stand all the same, with a Redis that refuses or is too slow; one that is dead without a word looks
      // like that too. Or the answer was too large for it: then a smaller one may get through.
      if (reader.status === 'ready') {
        this.#facts.unreadable.happened({ err: error, count }, kindOf(error))
        this.#readCount = Math.max(1, Math.floor(count / 2))
        reader.disconnect(true)
        await pause(afterErrorMs)
      }
      return undefined
    }
  }

  #linkIsDown(): void {
    if (this.#linkIsUp) this.#link = Promise.withResolvers()
    this.#linkIsUp = false
    this.#checked = false
    this.#ready = false
  }

  // From a cursor above the log's last id XREAD waits for ever. So it is when Redis came back without its data, with an
  // older copy, or with its clock behind. Ids must go on growing, so the log is made to go on above what we have.
  async #check(): Promise<void> {
    // Before the question: an event that is published meanwhile would look like one that the log has lost.
    const top = this.#awaited.highest(this.#cursor)
    const last = await this.#redisLog.lastId()
    if (compareIds(last, top) < 0) {
      this.#facts.rolledBack.happened({ last, cursor: top })
      await this.#mark(idAbove(top), top)
    }
    this.#checked = true
  }

  async #mark(id: string, seenAt: string): Promise<void> {
    try {
      await this.#redisLog.mark(id, seenAt)
    } catch (error) {
      if (isOutOfMemory(error)) {
        await this.#redisLog.dropQuarter()
        await this.#redisLog.mark(id, seenAt)
      } else if (!(error instanceof Error && error.message.includes('equal or smaller'))) {
        throw error
      } else if (compareIds(await this.#redisLog.lastId(), seenAt) < 0) {
        // The log is empty, but Redis remembers its last id.
        await this.#redisLog.mark('*', highestId)
      }
      // Else another worker was faster, or a publish.
    }
  }

  async #take(entries: RawEntry[]): Promise<void> {
    const { subscriber, batchBytesMax } = this.#parts
    let batch: Event[] = []
    let bytes = 0
    const handOver = async () => {
      const full = batch
      batch = []
      bytes = 0
      if (full.length > 0) await subscriber.deliver(full)
    }
    for (const raw of entries) {
      const entry = readLogEntry(raw)
      this.#cursor = raw[0]
      if (entry === undefined) {
        this.#facts.ignored(raw[0])
        continue
      }
      const { event, start, end } = entry
      const hole = !this.#follows(entry)
      if (hole) {
        await handOver()
        await this.#tellOfHole(entry)
      }
      // An acknowledged event that others come after, without a hole, was lost before anyone had read it.
      if (this.#awaited.hasMissed(event.id) && !hole) {
        this.#facts.lost.happened({ before: event.id })
        this.#toMark = event.id
      }
      if (bytes + end - start > batchBytesMax) await handOver()
      batch.push(event)
      bytes += end - start
      this.#last = { id: event.id, end }
      if (this.#isLive) this.#lagMs = Math.max(0, Date.now() - idTime(event.id))
    }
    await handOver()
    if (this.#last === undefined) {
      this.#last = { id: firstId, end: 0 }
      await subscriber.gap(firstId)
    }
  }

  // Both are compared: after a loss Redis may give an id again, or reach the same number of bytes, but not by accident both.
  #follows({ after, start }: LogEntry): boolean {
    return after === this.#last?.id && start === this.#last?.end
  }

  async #tellOfHole({ event, after }: LogEntry): Promise<void> {
    const { subscriber } = this.#parts
    if (this.#last === undefined) {
      // The first entry that we read: what came before it was trimmed, or nothing did.
      await subscriber.gap(after === firstId ? firstId : idBelow(event.id))
      return
    }
    // Before the worker has streams there may be many, and nobody to tell.
    if (this.#isLive) this.#facts.hole.happened({ after: this.#last.id, before: event.id })
    // Trimming only skips forward. Here the log has lost what we had read, and other workers may not know of it.
    if (after !== undefined && compareIds(after, this.#last.id) <= 0) this.#toMark = event.id
    await subscriber.gap(idBelow(event.id))
  }
}
