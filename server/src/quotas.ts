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

  /** Takes one place for a stream. Answers whether the subject had one left. */
  takeStream(subject: string): boolean {
    const open = this.#streams.get(subject) ?? 0
    if (open >= this.#streamsMax) return false
    this.#streams.set(subject, open + 1)
    return true
  }

  /** Gives one place back. To be called once for each that was taken. */
  giveStream(subject: string): void {
    const left = (this.#streams.get(subject) ?? 1) - 1
    if (left === 0) this.#streams.delete(subject)
    else this.#streams.set(subject, left)
  }
}
