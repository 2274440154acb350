import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { parse } from 'node:querystring'
import type { Config } from './config.ts'
import { HttpConnection, streamHeaders } from './connection.ts'
import type { WorkerName } from './event.ts'
import { gapFrame, helloFrame, laterText } from './frame.ts'
import type { Hub } from './hub/hub.ts'
import type { Log } from './log.ts'
import type { Counts } from './metrics.ts'
import { readTopics } from './topics.ts'

export type StreamParts = {
  config: Config
  name: WorkerName
  busName: string
  hub: Hub
  counts: Counts
  log: Log
  isDraining: () => boolean
}

/** Opens a stream. Throws a Refusal for bad topics, before anything is sent. */
export type OpenStream = (request: IncomingMessage, response: ServerResponse) => void

/** Answers `GET /events`: checks the query, sends hello, and joins the hub. Needs nothing of Express. */
export function openStream(parts: StreamParts): OpenStream {
  const { config, name, hub, counts, log, isDraining } = parts
  const hello = {
    worker: name.worker,
    instance: name.instance,
    pid: name.pid,
    bus: parts.busName,
    heartbeatMs: config.heartbeatMs,
  }

  const headersOf = headersByOrigin(config.corsOrigins)

  return (request, response) => {
    const query = parse(request.url?.split('?', 2)[1] ?? '')
    const topics = readTopics(query.topic)
    const headers = headersOf(request.headers.origin)
    const retryMs = randomBetween(config.retryMsMin, config.retryMsMax)

    // [spec] Any other status than 200 ends an EventSource for good, so "not now" is a 200 that ends.
    if (isDraining() || hub.connections >= config.connectionsMax) {
      counts.turnedAway += 1
      response.writeHead(200, headers).end(laterText(retryMs))
      return
    }

    const { position, gap } = hub.start(lastEventId(request.headers['last-event-id'], query.lastEventID))
    const first = helloFrame(retryMs, position, hello) + (gap ? gapFrame(position, hub.oldest) : '')
    // The lower end of 80 to 100 % spreads what would otherwise end together, having begun together.
    const endsAfterMs =
      config.streamMs === 0 ? Infinity : randomBetween(config.streamMs * 0.8, config.streamMs)
    const bounds = { bufferedBytesMax: config.bufferedBytesMax, endsAfterMs }
    const connection = new HttpConnection(response, headers, first, bounds, (reason, openMs) => {
      leave()
      counts.closed[reason] += 1
      const level = reason === 'slow-reader' || reason === 'stalled' ? 'warn' : 'debug'
      log[level]({ reason, openMs, topics: topics.length }, 'connection closed')
    })
    const leave = hub.join(topics, connection, position)
    counts.opened += 1
    if (gap) counts.gapsOnReturn += 1
  }
}

// The header wins: a native reconnect repeats the old query. What is there and no text is no id either, but not nothing.
function lastEventId(header: unknown, query: unknown): string | undefined {
  const id = header || query
  return id === undefined || id === '' ? undefined : typeof id === 'string' ? id : 'not an id'
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
