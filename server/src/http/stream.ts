import type { OutgoingHttpHeaders } from 'node:http'
import { covers, type Grant } from '../grant.ts'
import type { Hub } from '../hub/hub.ts'
import { helloFrame, laterText, type Hello } from '../frame.ts'
import type { Log } from '../observe/facts.ts'
import { RepeatedFact } from '../observe/repeated-fact.ts'
import type { Settings } from '../options.ts'
import type { CloseReason } from '../stats.ts'
import type { Request } from './body.ts'
import { HttpConnection, streamHeaders, type ConnectionBounds } from './connection.ts'
import { readStreamQuery } from './query.ts'
import { Refusal } from './refusal.ts'
import { writeHead, type Response } from './response.ts'

export type StreamParts = {
  settings: Settings
  hello: Hello
  hub: Hub
  log: Log
  /** Whether every stream must come back later: this worker does not hear the bus yet, or is on its way out. */
  isClosed: () => boolean
}

/** Which topics, if not those of the query; and what the client may hear, if not all. */
export type StreamWish = { topics?: readonly string[] | undefined; grant?: Grant | undefined }

/** Answers requests for streams. */
export class StreamCalls {
  readonly #parts: StreamParts
  readonly #evicted: RepeatedFact
  readonly #encoded: RepeatedFact
  readonly #headersOf: (origin: string | undefined) => OutgoingHttpHeaders

  constructor(parts: StreamParts) {
    this.#parts = parts
    this.#evicted = new RepeatedFact(parts.log, { text: 'connection closed' })
    this.#encoded = new RepeatedFact(parts.log, {
      text: 'a stream is encoded by something before it, and was cut: take compression off its path',
      level: 'error',
    })
    this.#headersOf = headersByOrigin(parts.settings.corsOrigins)
  }

  /**
   * Checks what the request asks for, sends hello, and joins the hub. Throws a Refusal before anything is sent: for bad topics,
   * and for some that the grant does not cover.
   */
  open(request: Request, response: Response, wish: StreamWish): void {
    const { settings, hello, hub, isClosed } = this.#parts
    const { url = '', headers } = request
    const { topics, lastId } = readStreamQuery(url, headers['last-event-id'], wish.topics)
    checkGrant(wish.grant, topics)
    // A body means nothing here, but while it is not read, nobody sees the client leave.
    if (hasBody(request)) request.resume()
    // A request that was sent before the answer to an earlier one has no socket yet, and a stream behind other answers would
    // wait for them.
    if (isClosed() || hub.connections >= settings.connectionsMax || response.socket === null) {
      this.later(request, response)
      return
    }
    const closed = (reason: CloseReason, openMs: number) => {
      leave()
      this.#ended({ reason, openMs, topics: topics.length })
    }
    const leave = hub.open(topics, lastId, ({ position, gap }) => {
      const first = helloFrame(this.#retryMs(), position, hello) + gap
      return new HttpConnection(response, this.#headersOf(headers.origin), first, this.#bounds(), closed)
    })
    hub.stats.opened += 1
    // Some middleware compresses all the same. It would have the head and hello, and none of the events, which go past it.
    if (response.getHeader('content-encoding') !== undefined) {
      this.#encoded.happened()
      response.destroy()
    }
  }

  /** [spec] Any other status than 200 ends an EventSource for good, so "not now" is a 200 that ends. */
  later(request: Request, response: Response): void {
    this.#parts.hub.stats.turnedAway += 1
    writeHead(response, 200, this.#headersOf(request.headers.origin))
    response.end(laterText(this.#retryMs()))
  }

  /** Headers that let a page of another origin read the answer, also one that refuses. */
  originHeaders(request: Request): OutgoingHttpHeaders {
    const { Vary, 'Access-Control-Allow-Origin': origin } = this.#headersOf(request.headers.origin)
    return { Vary, ...(origin !== undefined && { 'Access-Control-Allow-Origin': origin }) }
  }

  #retryMs(): number {
    const { retryMsMin, retryMsMax } = this.#parts.settings
    return randomBetween(retryMsMin, retryMsMax)
  }

  #bounds(): ConnectionBounds {
    const { streamMs, bufferedBytesMax } = this.#parts.settings
    // Random 80 to 100 % of streamMs, so that streams that opened together do not end together.
    const endsAfterMs = streamMs === 0 ? Infinity : randomBetween(streamMs * 0.8, streamMs)
    return { bufferedBytesMax, endsAfterMs }
  }

  #ended(details: { reason: CloseReason; openMs: number; topics: number }): void {
    const { hub, log } = this.#parts
    hub.stats.closed[details.reason] += 1
    if (details.reason === 'slow-reader' || details.reason === 'stalled') {
      this.#evicted.happened(details, details.reason)
    } else log.debug(details, 'connection closed')
  }
}

function checkGrant(grant: Grant | undefined, topics: readonly string[]): void {
  if (grant === undefined || topics.every(topic => covers(grant.subscribe ?? [], topic))) return
  throw new Refusal('forbidden', 'The grant does not cover every topic of this stream.')
}

function hasBody({ headers }: Request): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}

// The same headers as cors() sets. They go into writeHead, because setHeader would keep a copy for as long as the stream is open.
function headersByOrigin(allowed: readonly string[]): (origin: string | undefined) => OutgoingHttpHeaders {
  const stranger = { ...streamHeaders, Vary: 'Origin' }
  const known = new Map(
    allowed.map(origin => [origin, { ...stranger, 'Access-Control-Allow-Origin': origin }]),
  )
  return origin => known.get(origin ?? '') ?? stranger
}

function randomBetween(min: number, max: number): number {
  return Math.floor(min + Math.random() * (max - min + 1))
}
