import type { BusLog } from '../bus/bus.ts'
import type { Lagging } from './catch-up.ts'
import type { Connection } from './subscriptions.ts'
import type { Tail } from './tail.ts'
import type { Turn } from './turn.ts'

export type AheadParts = {
  log: BusLog
  tail: Tail
  turn: Turn
  /** The worker has reached its position. */
  reached: (lagging: Lagging) => void
  /** The log, which ends at `last`, never gave its id. */
  unknown: (lagging: Lagging, last: string) => void
}

/**
 * Connections ahead of this worker: they come from one that reads the bus faster, or their id is not of this log. Each
 * waits until the worker is there, or until the log says that it never will be.
 */
export class Ahead {
  readonly #parts: AheadParts
  readonly #waiting = new Map<Connection, Lagging>()
  #asking = false

  constructor(parts: AheadParts) {
    this.#parts = parts
  }

  get connections(): Iterable<Connection> {
    return this.#waiting.keys()
  }

  add(lagging: Lagging): void {
    this.#waiting.set(lagging.connection, lagging)
    void this.ask()
  }

  delete(connection: Connection): void {
    this.#waiting.delete(connection)
  }

  /** Lets go whom the tail has reached. */
  async release(): Promise<void> {
    const { log, tail, turn, reached } = this.#parts
    for (const [connection, lagging] of this.#waiting) {
      if (turn.isLong) await turn.next()
      if (!this.#waiting.has(connection) || log.compare(lagging.position, tail.last) > 0) continue
      this.#waiting.delete(connection)
      reached(lagging)
    }
  }

  /** Asks the log where it ends, and lets go whose id is above that. While the log is away they wait. */
  async ask(): Promise<void> {
    if (this.#waiting.size === 0 || this.#asking) return
    const { log, turn, unknown } = this.#parts
    this.#asking = true
    // Only those that came before the question: the answer is too old for an id that was given since.
    const asked = [...this.#waiting]
    const last = await log.lastId().catch(() => undefined)
    this.#asking = false
    if (last === undefined) return
    for (const [connection, lagging] of asked) {
      if (turn.isLong) await turn.next()
      if (!this.#waiting.has(connection) || log.compare(lagging.position, last) <= 0) continue
      this.#waiting.delete(connection)
      unknown(lagging, last)
    }
  }
}
