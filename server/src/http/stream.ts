import type { OutgoingHttpHeaders } from 'node:http'
import type { StreamHub } from '../hub/stream-hub.ts'
import { helloFrame, laterText, tokenExpiredFrame, type Hello } from '../frame.ts'
import type { Log } from '../observe/facts.ts'
import { RepeatedFact } from '../observe/repeated-fact.ts'
import type { Settings } from '../options.ts'
import type { Quotas } from '../quotas.ts'
import type { CloseReason } from '../stats.ts'
import { BareResponse } from './bare-response.ts'
import type { Request } from './body.ts'
import { HttpConnection } from './connection.ts'
import { Hold } from './hold.ts'
import { Pace } from './pace.ts'
import { readLastId } from './query.ts'
import { answerWith, isGone, type Response } from './response.ts'
import { boundsOf, randomBetween } from './stream-bounds.ts'
import { headersByOrigin } from './stream-headers.ts'
import { readAsked, type Asked, type StreamWish } from './stream-request.ts'

export type StreamParts = {
  settings: Settings
  hello: Hello
  hub: StreamHub
  quotas: Quotas
  log: Log
  /** Whether every stream must come back later: this worker does not hear the bus yet, or is on its way out. */
  isClosed: () => boolean
  /** Whether a text is an id of the bus' log. */
  isPosition: (text: string) => boolean
}

// Between two tries of a client whose page has not renewed its grant yet.
const expiredRetryMs = 5000

/** Answers requests for streams. */
export class StreamCalls {
  readonly #parts: StreamParts
  readonly #evicted: RepeatedFact
  readonly #encoded: RepeatedFact
  readonly #pace: Pace
  readonly #headersOf: (origin: string | undefined) => OutgoingHttpHeaders

  constructor(parts: StreamParts) {
    this.#parts = parts
    this.#pace = new Pace(parts.settings)
    this.#evicted = new RepeatedFact(parts.log, { text: 'connection closed' })
    this.#encoded = new RepeatedFact(parts.log, {
      text: 'a stream is encoded by something before it, and was cut: take compression off its path',
      level: 'error',
    })
    this.#headersOf = headersByOrigin(parts.settings.corsOrigins)
  }

  /**
   * Checks what the request asks for, sends hello, and joins the hub. Throws a Refusal before anything is sent: for bad topics,
   * and for some that the grant does not cover. Answers a promise only where a log must be opened first.
   */
  open(request: Request, response: Response, wish: StreamWish): Promise<void> | void {
    const { settings, hub, isClosed } = this.#parts
    const asked = readAsked(request, wish)
    // A request that was sent before the answer to an earlier one has no socket yet, and a stream behind other answers would
    // wait for them.
    const isFull = hub.connections >= settings.connectionsMax
    if (isClosed() || isFull || response.socket === null || !this.#pace.take()) {
      this.later(request, response)
      return
    }
    const open = hub.prepare?.(asked.topics)
    if (open === undefined) this.#join(request, response, asked)
    else return open.then(isOpen => this.#joinLater(isOpen, request, response, asked))
  }

  #joinLater(isOpen: boolean, request: Request, response: Response, asked: Asked): void {
    // The client may have left meanwhile. Nothing would tell of that again.
    if (isGone(response)) return
    if (isOpen && !this.#parts.isClosed()) this.#join(request, response, asked)
    else this.later(request, response)
  }

  #join({ headers }: Request, response: Response, { topics, lastId, grant }: Asked): void {
    const { settings, hello, hub, quotas } = this.#parts
    // What the functions below name lives as long as the stream: the request and its headers are not among it.
    const answer = this.#headersOf(headers.origin)
    const count = topics.length
    const held = grant && new Hold(grant, quotas)
    const closed = (reason: CloseReason, openMs: number) => {
      leave()
      held?.release()
      this.#ended({ reason, openMs, topics: count })
    }
    const leave = hub.open(topics, lastId, ({ position, gap }) => {
      const first = helloFrame(this.#retryMs(), position, hello) + gap
      const bounds = boundsOf(settings, grant?.expiresAt)
      const connection = new HttpConnection(response, answer, first, bounds, closed)
      held?.keep(connection)
      return connection
    })
    hub.stats.opened += 1
    if (response instanceof BareResponse) hub.stats.upgraded += 1
    // Some middleware compresses all the same. It would have the head and hello, and none of the events, which go past it.
    if (isEncoded(response)) {
      this.#encoded.happened()
      response.destroy()
    }
  }

  /** [spec] Any other status than 200 ends an EventSource for good, so "not now" is a 200 that ends. */
  later(request: Request, response: Response, retryMs = this.#retryMs()): void {
    this.#parts.hub.stats.turnedAway += 1
    answerWith(response, 200, this.#headersOf(request.headers.origin), laterText(retryMs))
  }

  /** Tells a client whose grant has just ended to renew it and to come back. It joins nothing, and keeps its last id. */
  expired(request: Request, response: Response): void {
    const lastId = readLastId(request.url ?? '', request.headers['last-event-id'])
    const own = lastId !== undefined && this.#parts.isPosition(lastId) ? lastId : null
    const text = laterText(expiredRetryMs) + tokenExpiredFrame(own)
    answerWith(response, 200, this.#headersOf(request.headers.origin), text)
  }

  /** Headers that let a page of another origin read the answer, also one that refuses. */
  originHeaders(request: Request): OutgoingHttpHeaders {
    const names = Object.entries(this.#headersOf(request.headers.origin))
    return Object.fromEntries(names.filter(([name]) => name === 'Vary' || name.startsWith('Access-Control-')))
  }

  #retryMs(): number {
    const { settings, hub } = this.#parts
    const { retryMsMin, retryMsMax } = settings
    return randomBetween(retryMsMin, Math.max(retryMsMax, retryMsMin + this.#pace.spreadMs(hub.connections)))
  }

  #ended(details: { reason: CloseReason; openMs: number; topics: number }): void {
    const { hub, log } = this.#parts
    hub.stats.closed[details.reason] += 1
    if (details.reason === 'slow-reader' || details.reason === 'stalled') {
      this.#evicted.happened(details, details.reason)
    } else log.debug(details, 'connection closed')
  }
}

function isEncoded(response: Response): boolean {
  return !(response instanceof BareResponse) && response.getHeader('content-encoding') !== undefined
}
