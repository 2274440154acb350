import { RateLimit } from './rate-limit.ts'

/** What one subject may take of one process. */
export type QuotaBounds = {
  /** Streams that are open at the same time. */
  subjectStreamsMax: number
  /** Publishes a second on average; as many again at once. */
  subjectPublishesPerSecondMax: number
}

/** Counts what each subject has taken of this process, so that nobody takes what is for all. */
export class Quotas {
  readonly publishes: RateLimit
  readonly #streamsMax: number
  readonly #streams = new Map<string, number>()

  constructor({ subjectStreamsMax, subjectPublishesPerSecondMax }: QuotaBounds) {
    this.#streamsMax = subjectStreamsMax
    this.publishes = new RateLimit(subjectPublishesPerSecondMax)
  }

  /** Takes one place for a stream. Returns what gives it back, or undefined if the subject has none left. */
  takeStream(subject: string): (() => void) | undefined {
    const open = this.#streams.get(subject) ?? 0
    if (open >= this.#streamsMax) return undefined
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
}
