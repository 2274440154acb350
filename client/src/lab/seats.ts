import type { StreamAddress } from './origins.ts'

/** One connection of one address, kept for one stream. */
export interface Seat {
  readonly origin: string
  release(): void
}

interface Place {
  readonly origin: string
  readonly lock: string
  taken: boolean
  /** Undefined where nothing is locked. */
  unlock: (() => void) | undefined
}

/**
 * The connections that streams may take. What is opened beyond them waits in the browser, and takes the connection of the
 * next stream that is cut: that one would never come back.
 *
 * A browser counts over all its tabs. So a seat is a lock that the tabs of an origin share; without locks (plain HTTP from
 * a host that is not this machine) each tab counts for itself.
 */
export class Seats {
  readonly #places: readonly Place[]
  #turn: Promise<unknown> = Promise.resolve()

  constructor(addresses: readonly StreamAddress[]) {
    // By rank, so that streams spread over the addresses: the first of each, then the second of each.
    const ranks = Math.max(0, ...addresses.map(({ streamsMax }) => streamsMax))
    this.#places = Array.from({ length: ranks }, (_, rank) =>
      addresses
        .filter(({ streamsMax }) => rank < streamsMax)
        .map(({ origin }) => ({
          origin,
          lock: `sse-lab/stream ${rank} of ${origin}`,
          taken: false,
          unlock: undefined,
        })),
    ).flat()
    // A page that holds a lock is not kept in the back/forward cache. Its streams are closed there.
    addEventListener('pagehide', () => this.#unlockAll())
    addEventListener('pageshow', event => {
      if (event.persisted) void this.#lockAgain()
    })
  }

  /** How many there are, for all tabs. */
  get count(): number {
    return this.#places.length
  }

  /** A free seat on the address with the fewest streams; undefined if none is free. */
  take(): Promise<Seat | undefined> {
    const seat = this.#turn.then(() => this.#take())
    this.#turn = seat
    return seat
  }

  async #take(): Promise<Seat | undefined> {
    for (const place of this.#places) {
      if (place.taken) continue
      const unlock = await lock(place.lock)
      if (unlock === 'held') continue
      place.taken = true
      place.unlock = unlock
      return {
        origin: place.origin,
        release() {
          place.unlock?.()
          place.unlock = undefined
          place.taken = false
        },
      }
    }
    return undefined
  }

  #unlockAll(): void {
    for (const place of this.#places) {
      place.unlock?.()
      place.unlock = undefined
    }
  }

  /** Another tab may have taken it meanwhile. Then both have it, until one of them closes its streams. */
  async #lockAgain(): Promise<void> {
    for (const place of this.#places) {
      if (!place.taken) continue
      const unlock = await lock(place.lock)
      if (unlock !== 'held') place.unlock = unlock
    }
  }
}

/** The undo of a lock; undefined where there are none. */
async function lock(name: string): Promise<(() => void) | 'held' | undefined> {
  if (!('locks' in navigator)) return undefined
  const { promise: answer, resolve: say } = Promise.withResolvers<(() => void) | 'held' | undefined>()
  const { promise: end, resolve: unlock } = Promise.withResolvers<void>()
  navigator.locks
    .request(name, { ifAvailable: true }, async granted => {
      say(granted === null ? 'held' : unlock)
      if (granted !== null) await end
    })
    // A browser may refuse locks, as for a page without storage: then this tab counts for itself.
    .catch(() => say(undefined))
  return answer
}
