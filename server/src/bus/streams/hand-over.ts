import type { Event } from '../../event.ts'
import type { Subscriber } from '../bus.ts'
import type { Chain } from './chain.ts'
import { idTime } from './ids.ts'
import { readLogEntry, type LogEntry, type RawEntry } from './log-entry.ts'
import type { LogFacts } from './log-facts.ts'

export type HandOverParts = { chain: Chain; subscriber: Subscriber; batchBytesMax: number; facts: LogFacts }

/** Hands over what was read: events in batches of at most batchBytesMax, and the gaps that the chain sees between them. */
export class HandOver {
  readonly #parts: HandOverParts
  #batch: Event[] = []
  #bytes = 0
  #isLive = false
  #lagMs: number | null = null

  constructor(parts: HandOverParts) {
    this.#parts = parts
  }

  /** Time from Redis's clock to this worker's, for the last event that came since goLive; null before the first. */
  get lagMs(): number | null {
    return this.#lagMs
  }

  /** The log was read to its end once. What came till then was history, and its age no lag; there were no streams to tell. */
  goLive(): void {
    this.#isLive = true
  }

  /** Takes a page of the log. Resolves when the subscriber has all of it, and rejects only if the subscriber does. */
  async take(entries: RawEntry[]): Promise<void> {
    for (const raw of entries) {
      const entry = readLogEntry(raw)
      if (entry === undefined) this.#passOver(raw[0])
      else await this.#takeEntry(entry)
    }
    await this.#flush()
    const begin = this.#parts.chain.beginIfEmpty()
    if (begin !== undefined) await this.#parts.subscriber.gap(begin)
  }

  #passOver(id: string): void {
    this.#parts.chain.skip(id)
    this.#parts.facts.ignored(id)
  }

  async #takeEntry(entry: LogEntry): Promise<void> {
    const { chain, facts } = this.#parts
    const verdict = chain.next(entry)
    if (verdict.kind === 'missing') facts.lost.happened({ before: entry.id })
    if (verdict.kind === 'gap' && this.#isLive)
      facts.hole.happened({ after: verdict.after, before: entry.id })
    if (verdict.kind === 'gap' || verdict.kind === 'begins') await this.#gap(verdict.position)
    await this.#add(entry.event)
    if (this.#isLive) this.#lagMs = Math.max(0, Date.now() - idTime(entry.id))
  }

  async #gap(position: string): Promise<void> {
    await this.#flush()
    await this.#parts.subscriber.gap(position)
  }

  async #add(event: Event): Promise<void> {
    if (this.#bytes + event.bytes > this.#parts.batchBytesMax) await this.#flush()
    this.#batch.push(event)
    this.#bytes += event.bytes
  }

  async #flush(): Promise<void> {
    const full = this.#batch
    this.#batch = []
    this.#bytes = 0
    if (full.length > 0) await this.#parts.subscriber.deliver(full)
  }
}
