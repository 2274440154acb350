import type { Kind, Recording, Side } from '../observations.ts'
import { ask, type Question } from './ask.ts'
import type { Clock } from './clock.ts'
import { browserEncodings, decoder } from './decode.ts'

// A body above this is no event stream that anybody watches for a minute. The stream is closed, and judged by what came.
const bytesMax = 32 * 1024 * 1024

/** One stream, from its request on, and everything that comes of it. */
export class Recorder {
  readonly recording: Recording
  readonly #close: () => void
  readonly #clock: Clock
  #bytes = 0

  constructor(question: Question, side: Side, kind: Kind, clock: Clock) {
    this.#clock = clock
    const recording: Recording = {
      side,
      kind,
      openedAtMs: clock(),
      headers: {},
      wire: [],
      pieces: [],
    }
    this.recording = recording
    const headers = {
      ...question.headers,
      'accept-encoding': kind === 'packed' ? browserEncodings : 'identity',
    }
    let take: ((bytes: Buffer) => void) | undefined
    this.#close = ask(
      { ...question, headers },
      {
        connected: protocol => {
          recording.connectedAtMs = clock()
          recording.protocol = protocol
        },
        headers: (status, answered) => {
          recording.headersAtMs = clock()
          recording.status = status
          recording.headers = answered
          take = decoder(answered['content-encoding'] ?? '', bytes =>
            recording.pieces.push({ atMs: clock(), bytes }),
          )
        },
        bytes: bytes => {
          recording.wire.push({ atMs: clock(), bytes })
          take?.(bytes)
          this.#bytes += bytes.length
          if (this.#bytes > bytesMax) this.close()
        },
        over: how => (recording.end = { atMs: clock(), how }),
        failed: failure => {
          recording.failure = failure
          recording.end = { atMs: clock(), how: 'cut' }
        },
      },
    )
  }

  /** Whether it could still bring something. */
  get open(): boolean {
    return this.recording.end === undefined && this.recording.closedAtMs === undefined
  }

  /** Whether there is an answer, or will be none. */
  get answered(): boolean {
    return !this.open || this.recording.headersAtMs !== undefined
  }

  close(): void {
    if (!this.open) return
    this.recording.closedAtMs = this.#clock()
    this.#close()
  }
}
