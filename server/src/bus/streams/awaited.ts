import { compareIds } from './ids.ts'

const awaitedMax = 100_000

/** Ids that Redis acknowledged to this worker and that have not been read from the log yet. */
export class Awaited {
  readonly #ids = new Set<string>()

  /** Answers false if so many are awaited already that this one is not kept. */
  add(id: string): boolean {
    if (this.#ids.size >= awaitedMax) return false
    this.#ids.add(id)
    return true
  }

  /** The highest, or `least` if that is higher. */
  highest(least: string): string {
    let highest = least
    for (const id of this.#ids) if (compareIds(id, highest) > 0) highest = id
    return highest
  }

  /** `id` was read: answers whether one that should have come before it did not. */
  hasMissed(id: string): boolean {
    this.#ids.delete(id)
    let missed = false
    // In the order of acknowledgement, which is that of the ids.
    for (const awaited of this.#ids) {
      if (compareIds(awaited, id) > 0) break
      this.#ids.delete(awaited)
      missed = true
    }
    return missed
  }
}
