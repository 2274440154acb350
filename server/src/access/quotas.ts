import { LRUCache } from 'lru-cache'

/** What one subject may take of one worker. */
export type QuotaBounds = {
  /** Streams that are open at the same time. */
  streams: number
  /** Publishes a second on average; as many again at once. */
  publishesPerSecond: number
}

// Subjects whose publishes are remembered. One that is forgotten starts with a full bucket.
const subjectsMax = 100_000

/** Counts what each subject has taken of this worker, so that nobody takes what is for all. */
export class Quotas {
  readonly #bounds: QuotaBounds
  readonly #now: () => number
  readonly #streams = new Map<string, number>()
  readonly #buckets = new LRUCache<string, { left: number; at: number }>({ max: subjectsMax })

  constructor(bounds: QuotaBounds, now: () => number = performance.now.bind(performance)) {
    this.#bounds = bounds
    this.#now = now
  }

  /** Takes one place for a stream. Returns what gives it back, or undefined if the subject has none left. */
  takeStream(subject: string): (() => void) | undefined {
    const open = this.#streams.get(subject) ?? 0
    if (open >= this.#bounds.streams) return undefined
    this.#streams.set(subject, open + 1)
    let given = false
    return () => {
      if (given) return
      given = true
      const left = (this.#streams.get(subject) ?? 1) - 1
      if (left === 0) this.#streams.delete(subject)
      else this.#streams.set(subject, left)
    }
  }

  /** Takes one publish. False: the subject has made too many; nothing was taken. */
  takePublish(subject: string): boolean {
    const { publishesPerSecond } = this.#bounds
    const now = this.#now()
    const bucket = this.#buckets.get(subject) ?? { left: publishesPerSecond, at: now }
    const left = Math.min(publishesPerSecond, bucket.left + ((now - bucket.at) / 1000) * publishesPerSecond)
    const isFree = left >= 1
    this.#buckets.set(subject, { left: isFree ? left - 1 : left, at: now })
    return isFree
  }
}
