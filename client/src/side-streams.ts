import { readData } from './event-data.ts'
import { openStream, type Hello, type Stream, type StreamState } from './stream.ts'

/** A stream of the bench. */
export interface BenchStream {
  readonly number: number
  state: StreamState
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

/** The streams that this tab has opened on one side, each a whole EventSource that comes back by itself. */
export class SideStreams {
  readonly #origin: string
  readonly #tab: string
  readonly #listeners: StreamsListeners
  readonly #open = new Map<BenchStream, Stream>()
  #numbered = 0
  #returns = 0

  constructor(origin: string, tab: string, listeners: StreamsListeners) {
    this.#origin = origin
    this.#tab = tab
    this.#listeners = listeners
  }

  get all(): BenchStream[] {
    return [...this.#open.keys()]
  }

  /** How often a stream came back after it was cut. */
  get returns(): number {
    return this.#returns
  }

  open(count: number, topic: string): void {
    for (let opened = 0; opened < count; opened += 1) this.#openOne(topic)
    this.#listeners.changed()
  }

  closeAll(): void {
    for (const stream of this.#open.values()) stream.close()
    this.#open.clear()
    this.#returns = 0
    this.#listeners.changed()
  }

  #openOne(topic: string): void {
    this.#numbered += 1
    const stream: BenchStream = { number: this.#numbered, state: 'opening', hello: undefined }
    const url = `${this.#origin}/events?topic=${encodeURIComponent(topic)}`
    const opened = openStream(
      { url },
      {
        state: state => {
          stream.state = state
          if (state === 'reconnecting' || state === 'closed') this.#listeners.left(stream)
          this.#listeners.changed()
        },
        hello: (hello, id) => {
          if (stream.hello !== undefined) this.#returns += 1
          stream.hello = hello
          this.#listeners.opened(stream, hello, id)
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
    this.#open.set(stream, opened)
  }
}
