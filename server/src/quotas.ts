/** What one subject may take of one process. */
export type QuotaBounds = {
  /** Streams that are open at the same time. */
  subjectStreamsMax: number
  /** Publishes a second on average; as many again at once. */
  subjectPublishesPerSecondMax: number
}

/** Counts what each subject has taken of this process, so that nobody takes what is for all. */
export class Quotas {
  readonly #bounds: QuotaBounds
  readonly #now: () => number
  readonly #streams = new Map<string, number>()
  // Publishes that a subject has left. Whoever is not here has all of them.
  readonly #buckets = new Map<string, { left: number; at: number }>()

  constructor(bounds: QuotaBounds, now: () => number = () => performance.now()) {
    this.#bounds = bounds
    this.#now = now
  }

  /** Subjects that are remembered: with a stream, or with a publish of the last second. */
  get size(): number {
    return new Set([...this.#streams.keys(), ...this.#buckets.keys()]).size
  }

  /** Takes one place for a stream. Returns what gives it back, or undefined if the subject has none left. */
  takeStream(subject: string): (() => void) | undefined {
    const open = this.#streams.get(subject) ?? 0
    if (open >= this.#bounds.subjectStreamsMax) return undefined
    this.#streams.set(subject, open + 1)
    let isTaken = true
    return () => {
      if (!isTaken) return
      isTaken = false
      const left = (this.#streams.get(subject) ?? 1) - 1
      if (left === 0) this.#streams.delete(subject)
      else this.#streams.set(subject, left)
    }
  }

  /** Takes one publish. False: the subject has made too many, and nothing was taken. */
  takePublish(subject: string): boolean {
    const now = this.#now()
    const left = this.#left(subject, now)
    this.#buckets.set(subject, { left: left >= 1 ? left - 1 : left, at: now })
    return left >= 1
  }

  /** Forgets who has everything again. To be called about once a second. */
  sweep(): void {
    const now = this.#now()
    for (const subject of this.#buckets.keys())
      if (this.#left(subject, now) === this.#bounds.subjectPublishesPerSecondMax)
        this.#buckets.delete(subject)
  }

  #left(subject: string, now: number): number {
    const { subjectPublishesPerSecondMax: max } = this.#bounds
    const bucket = this.#buckets.get(subject)
    return bucket === undefined ? max : Math.min(max, bucket.left + ((now - bucket.at) / 1000) * max)
  }
}
