import type { Settings } from '../options.ts'
import { RateLimit } from '../rate-limit.ts'

// Who reaches Redis can write a fleet of any size. It must not keep clients away for a day.
const spreadMsMax = 120_000
// While the streams of a fleet are away, it looks small to those who are back first.
const halvedAfterMs = 60_000

/** How fast streams may come to this process, and over how long they come back to all of them. */
export class Pace {
  readonly #settings: Pick<Settings, 'returnsPerSecond' | 'fleet'>
  readonly #opens: RateLimit
  readonly #now: () => number
  // Streams of a worker, of which the most were seen at that time.
  #most = 0
  #seenAt = 0

  /** `now` in milliseconds, from any beginning. */
  constructor(
    settings: Pick<Settings, 'returnsPerSecond' | 'opensPerSecondMax' | 'fleet'>,
    now: () => number = () => performance.now(),
  ) {
    this.#settings = settings
    this.#opens = new RateLimit(settings.opensPerSecondMax, now)
    this.#now = now
  }

  /** Takes a stream that wants to open. False: too many did within this second, and those who are there would wait for it. */
  take(): boolean {
    return this.#opens.take('')
  }

  /**
   * Over how many milliseconds all streams must come back, so that a worker gets returnsPerSecond of them. `own` are those of this
   * process. It takes itself for the mean where nobody knows the fleet, and where it has more: what is known is some seconds old.
   */
  spreadMs(own: number): number {
    const { fleet, returnsPerSecond } = this.#settings
    const known = fleet?.()
    const streams = Math.max(own, known === undefined ? 0 : known.streams / Math.max(known.workers, 1))
    const now = this.#now()
    this.#most = Math.max(streams, this.#most * 0.5 ** ((now - this.#seenAt) / halvedAfterMs))
    this.#seenAt = now
    return Math.min((this.#most / returnsPerSecond) * 1000, spreadMsMax)
  }
}
