import { readData } from '../lab/event-data.ts'
import type { Seat, Seats } from '../lab/seats.ts'
import { openStream, type Hello, type Stream, type StreamState } from '../stream.ts'

/** A stream of the bench. */
export interface BenchStream {
  readonly number: number
  /** `waiting`: it has never been open, and lets one that was cut go first. */
  state: StreamState | 'waiting'
  /** Who holds it; the last one while it is between two. */
  hello: Hello | undefined
}

/** `id` is the last one that the stream was told. */
export interface StreamsListeners {
  changed(): void
  opened(stream: BenchStream, hello: Hello, id: string): void
  /** It was cut, or closed. */
  left(stream: BenchStream): void
  /** An event that this tab published, on one of the streams. */
  received(stream: BenchStream, id: string, seq: number, sentAt: number): void
  /** A heartbeat, a gap or somebody else's event. */
  reached(stream: BenchStream, id: string): void
}

interface Kept {
  readonly stream: BenchStream
  readonly seat: Seat
  readonly url: string
  /** Undefined while it waits. */
  source: Stream | undefined
}

/**
 * The streams that this tab has opened on one side, each a whole EventSource that comes back by itself.
 *
 * One that was cut goes before one that never was open: it is owed a replay, and the browser would give its connection to
 * whichever asked first. So the others of its address wait until it is back.
 */
export class SideStreams {
  readonly #seats: Seats
  readonly #tab: string
  readonly #listeners: StreamsListeners
  #kept: Kept[] = []
  readonly #cutElsewhere = new Set<string>()
  #numbered = 0
  #returns = 0

  constructor(seats: Seats, tab: string, listeners: StreamsListeners) {
    this.#seats = seats
    this.#tab = tab
    this.#listeners = listeners
  }

  get all(): BenchStream[] {
    return this.#kept.map(({ stream }) => stream)
  }

  /** How often a stream came back after it was cut. */
  get returns(): number {
    return this.#returns
  }

  /** Opens so many, as far as there are seats. Resolves to how many it did not open. */
  async open(count: number, topic: string): Promise<number> {
    const before = this.#kept
    for (let opened = 0; opened < count; opened += 1) {
      const seat = await this.#seats.take()
      if (seat === undefined) return count - opened
      if (this.#kept !== before) {
        seat.release()
        return 0
      }
      this.#keep(seat, topic)
    }
    return 0
  }

  closeAll(): void {
    const closed = this.#kept
    this.#kept = []
    for (const { source, seat } of closed) {
      source?.close()
      seat.release()
    }
    this.#returns = 0
    this.#listeners.changed()
  }

  /** A stream at this origin that is not one of these was cut, or is back. It goes first as well. */
  setCutElsewhere(origin: string, isCut: boolean): void {
    if (isCut) this.#cutElsewhere.add(origin)
    else this.#cutElsewhere.delete(origin)
    this.#order(origin)
  }

  #keep(seat: Seat, topic: string): void {
    this.#numbered += 1
    const stream: BenchStream = { number: this.#numbered, state: 'waiting', hello: undefined }
    const url = `${seat.origin}/events?topic=${encodeURIComponent(topic)}`
    this.#kept.push({ stream, seat, url, source: undefined })
    this.#order(seat.origin)
    this.#listeners.changed()
  }

  /** Who may have a connection of this address: all, or all but those that have never been open. */
  #order(origin: string): void {
    const here = this.#kept.filter(({ seat }) => seat.origin === origin)
    const wait = this.#cutElsewhere.has(origin) || here.some(wasCut)
    for (const kept of here) {
      if (kept.stream.hello !== undefined || kept.stream.state === 'open') continue
      if (!wait) {
        kept.source ??= this.#start(kept)
      } else if (kept.source !== undefined) {
        kept.source.close()
        kept.source = undefined
        kept.stream.state = 'waiting'
      }
    }
  }

  #start({ stream, seat, url }: Kept): Stream {
    return openStream(
      { url },
      {
        state: state => {
          stream.state = state
          if (state === 'reconnecting' || state === 'closed') this.#listeners.left(stream)
          if (state === 'reconnecting' && stream.hello !== undefined) this.#order(seat.origin)
          this.#listeners.changed()
        },
        hello: (hello, id) => {
          if (stream.hello !== undefined) this.#returns += 1
          stream.hello = hello
          this.#listeners.opened(stream, hello, id)
          this.#order(seat.origin)
          this.#listeners.changed()
        },
        event: ({ id, data }) => {
          const { tab, seq, sentAt } = readData(data)
          if (tab === this.#tab && seq !== undefined && sentAt !== undefined)
            this.#listeners.received(stream, id, seq, sentAt)
          else this.#listeners.reached(stream, id)
        },
        heartbeat: id => this.#listeners.reached(stream, id),
        gap: (_oldest, id) => this.#listeners.reached(stream, id),
      },
    )
  }
}

function wasCut({ stream }: Kept): boolean {
  return stream.hello !== undefined && stream.state === 'reconnecting'
}
