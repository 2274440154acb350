/**
 * When to ask the log again. A read of one event wakes Redis, the worker and the sockets of its streams as a read of ten does.
 * So where events follow each other within `batchMs`, they are gathered for that long, and at most that much later.
 * One that comes after silence is read at once.
 */
export class Batching {
  readonly #batchMs: number
  readonly #now: () => number
  #lastAt = -Infinity

  /** `batchMs` 0: never. `now` is in milliseconds. */
  constructor(batchMs: number, now = () => performance.now()) {
    this.#batchMs = batchMs
    this.#now = now
  }

  /** To call after each read that brought events, with their number. How long to wait until the next one, in milliseconds. */
  after(count: number): number {
    const sinceMs = this.#now() - this.#lastAt
    this.#lastAt = this.#now()
    return count > 1 || sinceMs < this.#batchMs ? this.#batchMs : 0
  }
}
