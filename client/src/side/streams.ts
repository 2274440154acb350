import { readData } from '../lab/event-data.ts'
import type { Seat, Seats } from '../lab/seats.ts'
import type { Hello, Stream, StreamListeners, StreamState } from '../stream.ts'

/** One of this tab's streams on a side. */
export interface SideStream {
  readonly number: number
  /**
   * `waiting`: it has never been open, and lets one that was cut go first. `away`: this page has taken it off the network.
   * `dead`: an EventSource that has given up for good.
   */
  state: Exclude<StreamState, 'closed'> | 'waiting' | 'away' | 'dead'
  /** Who holds it; the last one while it is between two. */
  hello: Hello | undefined
  /** When its last byte came, by performance.now(). */
  heardAtMs: number
  beatAtMs: number | undefined
  openings: number
}

/** What a stream has brought, as far as the page knows it. `seq` is undefined for somebody else's event. */
export interface Brought {
  readonly id: string
  readonly data: string
  readonly seq: number | undefined
}

/** `id` is the last one that the stream was told. */
export interface StreamsListeners {
  changed(): void
  opened(stream: SideStream, hello: Hello, id: string): void
  /** It was cut, closed or taken away. */
  left(stream: SideStream): void
  received(stream: SideStream, event: Brought): void
  /** A heartbeat. */
  reached(stream: SideStream, id: string): void
  gap(stream: SideStream, oldest: string | null, id: string): void
  /** What allowed the streams has ended. */
  expired(): void
}

interface Kept {
  readonly stream: SideStream
  readonly seat: Seat
  readonly url: string
  /** Undefined while it waits, or is away. */
  source: Stream | undefined
  lastId: string
}

/** What opens a stream: the fixed side's client, or a plain EventSource. */
type OpenStream = (options: { url: string }, listeners: StreamListeners) => Stream

/**
 * The streams that this tab has opened on one side.
 *
 * One that was cut goes before one that never was open: it is owed a replay, and the browser would give its connection to
 * whichever asked first. So the others of its address wait until it is back.
 */
export class SideStreams {
  readonly #seats: Seats
  readonly #tab: string
  readonly #openStream: OpenStream
  readonly #listeners: StreamsListeners
  #kept: Kept[] = []
  #numbered = 0

  constructor(seats: Seats, tab: string, open: OpenStream, listeners: StreamsListeners) {
    this.#seats = seats
    this.#tab = tab
    this.#openStream = open
    this.#listeners = listeners
  }

  get all(): SideStream[] {
    return this.#kept.map(({ stream }) => stream)
  }

  /** Opens so many, as far as there are seats. */
  async open(count: number, topics: readonly string[]): Promise<void> {
    const before = this.#kept
    for (let opened = 0; opened < count; opened += 1) {
      const seat = await this.#seats.take()
      if (seat === undefined) return
      if (this.#kept !== before) {
        seat.release()
        return
      }
      this.#keep(seat, topics)
    }
  }

  closeAll(): void {
    const closed = this.#kept
    this.#kept = []
    for (const { source, seat } of closed) {
      source?.close()
      seat.release()
    }
    this.#listeners.changed()
  }

  /** Takes a stream off the network, as a closed lid does. */
  leave(number: number): void {
    const kept = this.#kept.find(({ stream }) => stream.number === number)
    if (kept === undefined) return
    kept.source?.close()
    kept.source = undefined
    kept.stream.state = 'away'
    this.#listeners.left(kept.stream)
    this.#listeners.changed()
  }

  /** Brings it back with the last id that it saw, as a browser does by itself. */
  comeBack(number: number): void {
    const kept = this.#kept.find(({ stream }) => stream.number === number)
    if (kept?.stream.state !== 'away') return
    const id = kept.lastId === '' ? '' : `&lastEventID=${encodeURIComponent(kept.lastId)}`
    kept.source = this.#start(kept, kept.url + id)
  }

  /** Opens those that have given up anew, as a person does who reloads the page. Returns their numbers. */
  reloadDead(): number[] {
    const dead = this.#kept.filter(({ stream }) => stream.state === 'dead')
    for (const kept of dead) {
      kept.source?.close()
      kept.lastId = ''
      kept.source = this.#start(kept, kept.url)
    }
    return dead.map(({ stream }) => stream.number)
  }

  #keep(seat: Seat, topics: readonly string[]): void {
    this.#numbered += 1
    const stream: SideStream = {
      number: this.#numbered,
      state: 'waiting',
      hello: undefined,
      heardAtMs: 0,
      beatAtMs: undefined,
      openings: 0,
    }
    const query = topics.map(topic => `topic=${encodeURIComponent(topic)}`).join('&')
    this.#kept.push({ stream, seat, url: `${seat.origin}/events?${query}`, source: undefined, lastId: '' })
    this.#order(seat.origin)
    this.#listeners.changed()
  }

  /** Who may have a connection of this address: all, or all but those that have never been open. */
  #order(origin: string): void {
    const here = this.#kept.filter(({ seat }) => seat.origin === origin)
    const wait = here.some(wasCut)
    for (const kept of here) {
      if (kept.stream.hello !== undefined || kept.stream.state === 'open') continue
      if (!wait) {
        kept.source ??= this.#start(kept, kept.url)
      } else if (kept.source !== undefined) {
        kept.source.close()
        kept.source = undefined
        kept.stream.state = 'waiting'
      }
    }
  }

  #start(kept: Kept, url: string): Stream {
    const { stream, seat } = kept
    const heard = (id: string): void => {
      stream.heardAtMs = performance.now()
      if (id !== '') kept.lastId = id
    }
    return this.#openStream(
      { url },
      {
        state: state => this.#entered(kept, state),
        hello: (hello, id) => {
          heard(id)
          stream.hello = hello
          stream.openings += 1
          stream.beatAtMs = undefined
          this.#listeners.opened(stream, hello, id)
          this.#order(seat.origin)
          this.#listeners.changed()
        },
        event: ({ id, data }) => {
          heard(id)
          const { tab, seq } = readData(data)
          this.#listeners.received(stream, { id, data, seq: tab === this.#tab ? seq : undefined })
        },
        heartbeat: id => {
          heard(id)
          stream.beatAtMs = stream.heardAtMs
          this.#listeners.reached(stream, id)
        },
        gap: (oldest, id) => {
          heard(id)
          this.#listeners.gap(stream, oldest, id)
        },
        expired: () => this.#listeners.expired(),
      },
    )
  }

  #entered(kept: Kept, state: StreamState): void {
    const { stream, seat } = kept
    // Closed by this page, it is away, or no longer one of these.
    if (stream.state === 'away' && state === 'closed') return
    const wasOpen = stream.state === 'open'
    stream.state = state === 'closed' ? 'dead' : state
    if (wasOpen && state !== 'open') this.#listeners.left(stream)
    if (state === 'reconnecting' && stream.hello !== undefined) this.#order(seat.origin)
    this.#listeners.changed()
  }
}

function wasCut({ stream }: Kept): boolean {
  return stream.hello !== undefined && stream.state === 'reconnecting'
}
