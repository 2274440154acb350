import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http'
import type { Config } from '../config.ts'
import { HttpConnection, streamHeaders } from './connection.ts'
import type { WorkerName } from '../event.ts'
import { helloFrame, laterText } from '../frame.ts'
import type { CloseReason, Hub } from '../hub/hub.ts'
import type { Log } from '../observe/log.ts'
import { readStreamQuery } from './query.ts'
import { RepeatedFact } from '../observe/repeated-fact.ts'

export type StreamParts = {
  config: Config
  name: WorkerName
  busName: string
  hub: Hub
  log: Log
  isDraining: () => boolean
}

/** Opens a stream. Throws a Refusal for bad topics, before anything is sent. */
export type OpenStream = (request: IncomingMessage, response: ServerResponse) => void

/** Answers `GET /events`: checks the query, sends hello, and joins the hub. Needs nothing of Express. */
export function openStream(parts: StreamParts): OpenStream {
  const { config, name, hub, log, isDraining } = parts
  const { stats } = hub
  const hello = {
    worker: name.worker,
    instance: name.instance,
    pid: name.pid,
    bus: parts.busName,
    heartbeatMs: config.heartbeatMs,
  }
  const evicted = new RepeatedFact(log, { text: 'connection closed' })
  const headersOf = headersByOrigin(config.corsOrigins)

  return (request, response) => {
    const { topics, lastId } = readStreamQuery(request.url ?? '', request.headers['last-event-id'])
    const headers = headersOf(request.headers.origin)
    const retryMs = randomBetween(config.retryMsMin, config.retryMsMax)
    // A body means nothing here, but while it is not read, nobody sees the client leave.
    if (hasBody(request)) request.resume()

    // [spec] Any other status than 200 ends an EventSource for good, so "not now" is a 200 that ends. A request that was sent
    // before the answer to an earlier one has no socket yet, and a stream behind other answers would wait for them.
    if (isDraining() || hub.connections >= config.connectionsMax || response.socket === null) {
      stats.turnedAway += 1
      response.writeHead(200, headers).end(laterText(retryMs))
      return
    }

    // Random 80 to 100 % of STREAM_MS, so that streams that opened together do not end together.
    const endsAfterMs =
      config.streamMs === 0 ? Infinity : randomBetween(config.streamMs * 0.8, config.streamMs)
    const bounds = { bufferedBytesMax: config.bufferedBytesMax, endsAfterMs }
    const closed = (reason: CloseReason, openMs: number) => {
      leave()
      stats.closed[reason] += 1
      const details = { reason, openMs, topics: topics.length }
      if (reason === 'slow-reader' || reason === 'stalled') evicted.happened(details, reason)
      else log.debug(details, 'connection closed')
    }
    const leave = hub.open(topics, lastId, ({ position, gap }) => {
      const first = helloFrame(retryMs, position, hello) + gap
      return new HttpConnection(response, headers, first, bounds, closed)
    })
    stats.opened += 1
  }
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}

// As the cors middleware would say it. But what is set before the head is sent stays in memory as long as its response.
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
