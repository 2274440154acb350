/** A token bucket for each subject: so many calls a second on average, and as many again at once. */
export class RateLimit {
  readonly #perSecondMax: number
  readonly #now: () => number
  // Calls that a subject has left. Whoever is not here has all of them.
  readonly #buckets = new Map<string, { left: number; at: number }>()

  /** `now` in milliseconds, from any beginning. */
  constructor(perSecondMax: number, now: () => number = () => performance.now()) {
    this.#perSecondMax = perSecondMax
    this.#now = now
  }

  /** Subjects that are remembered: with a call of the last second. */
  get size(): number {
    return this.#buckets.size
  }

  /** Takes one call. False: the subject has made too many, and nothing was taken. */
  take(subject: string): boolean {
    const now = this.#now()
    const left = this.#left(subject, now)
    this.#buckets.set(subject, { left: left >= 1 ? left - 1 : left, at: now })
    return left >= 1
  }

  /** Forgets who has everything again. To be called about once a second. */
  sweep(): void {
    const now = this.#now()
    for (const subject of this.#buckets.keys())
      if (this.#left(subject, now) === this.#perSecondMax) this.#buckets.delete(subject)
  }

  #left(subject: string, now: number): number {
    const max = this.#perSecondMax
    const bucket = this.#buckets.get(subject)
    return bucket === undefined ? max : Math.min(max, bucket.left + ((now - bucket.at) / 1000) * max)
  }
}
