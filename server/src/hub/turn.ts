import { setImmediate as nextTurn } from 'node:timers/promises'

/** `longMs`: how long the hub may work in one turn of the event loop. `now`: a clock in milliseconds. */
export type TurnParts = { longMs?: number; now?: () => number }

/**
 * Keeps the hub's work from holding the event loop: whatever waits for the end of a turn (heartbeats, publishes, new
 * streams) waits for all of it. All work of a hub shares one turn, so many small pieces of it count together.
 *
 * Time, and not a number of writes: a write of one event costs some microseconds, one of half a megabyte a thousand times that.
 */
export class Turn {
  readonly #longMs: number
  readonly #now: () => number
  #begun: number | undefined

  constructor({ longMs = 4, now = () => performance.now() }: TurnParts = {}) {
    this.#longMs = longMs
    this.#now = now
  }

  /** Whether this turn has been worked in for long enough. The first question in a turn starts its time. */
  get isLong(): boolean {
    if (this.#begun === undefined) {
      this.#begun = this.#now()
      setImmediate(() => (this.#begun = undefined))
      return false
    }
    return this.#now() - this.#begun >= this.#longMs
  }

  /** Resolves in another turn. */
  async next(): Promise<void> {
    await nextTurn()
  }
}
