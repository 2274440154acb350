import type { Event } from '../event.ts'
import type { Subscriber } from './bus.ts'

/** Bounds of an inbox; bytes are those of the events. */
export type InboxBounds = { batchBytesMax: number; waitingBytesMax: number; waitingEventsMax: number }

/**
 * Turns events that arrive one by one into batches: the first leaves at once, and what arrives while it is written
 * forms the next. For buses that push and cannot be told to wait.
 */
export class Inbox {
  readonly #subscriber: Subscriber
  readonly #bounds: InboxBounds
  #waiting: (Event | 'gap')[] = []
  #waitingBytes = 0
  #busy = false

  constructor(subscriber: Subscriber, bounds: InboxBounds) {
    this.#subscriber = subscriber
    this.#bounds = bounds
  }

  /**
   * Adds an event. For the caller that found the inbox idle it resolves when all that waits is delivered, for others at once.
   * Rejects only if the subscriber does.
   */
  async push(event: Event): Promise<void> {
    const { bytes } = event
    const { waitingEventsMax, waitingBytesMax } = this.#bounds
    // The bus does not wait for us. Past the bound we would hold events without limit, so what waits goes, and every
    // stream is told.
    if (this.#waiting.length >= waitingEventsMax || this.#waitingBytes + bytes > waitingBytesMax) {
      this.#waiting = ['gap']
      this.#waitingBytes = 0
    }
    this.#waiting.push(event)
    this.#waitingBytes += bytes
    if (!this.#busy) await this.#drain()
  }

  /** Events are or may be missing here: after those that wait, before those that come. Rejects only if the subscriber does. */
  async gap(): Promise<void> {
    if (this.#waiting.at(-1) !== 'gap') this.#waiting.push('gap')
    if (!this.#busy) await this.#drain()
  }

  async #drain(): Promise<void> {
    this.#busy = true
    try {
      while (this.#waiting.length > 0) {
        if (this.#waiting[0] === 'gap') {
          this.#waiting.shift()
          await this.#subscriber.gap(null)
        } else await this.#subscriber.deliver(this.#nextBatch())
      }
    } finally {
      this.#busy = false
    }
  }

  #nextBatch(): Event[] {
    const batch: Event[] = []
    let bytes = 0
    for (const waiting of this.#waiting) {
      if (waiting === 'gap') break
      if (batch.length > 0 && bytes + waiting.bytes > this.#bounds.batchBytesMax) break
      batch.push(waiting)
      bytes += waiting.bytes
    }
    this.#waitingBytes -= bytes
    this.#waiting.splice(0, batch.length)
    return batch
  }
}
