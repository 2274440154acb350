import type { Request, RequestHandler, Response } from 'express'
import type { Config } from './config.ts'
import { HttpConnection, streamHeaders } from './connection.ts'
import type { WorkerName } from './event.ts'
import { gapFrame, helloFrame, laterText } from './frame.ts'
import type { Hub } from './hub.ts'
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

/** Answers `GET /events`: checks the query, sends hello, and joins the hub. Throws a Refusal for bad topics. */
export function openStream(parts: StreamParts): RequestHandler {
  const { config, name, hub, counts, log, isDraining } = parts
  const hello = {
    worker: name.worker,
    instance: name.instance,
    pid: name.pid,
    bus: parts.busName,
    heartbeatMs: config.heartbeatMs,
  }

  return (request: Request, response: Response) => {
    const topics = readTopics(request.query.topic)
    const retryMs = randomBetween(config.retryMsMin, config.retryMsMax)

    // [spec] Any other status than 200 ends an EventSource for good, so "not now" is a 200 that ends.
    if (isDraining() || hub.connections >= config.connectionsMax) {
      counts.turnedAway += 1
      response.writeHead(200, streamHeaders).end(laterText(retryMs))
      return
    }

    const { position, gap } = hub.start(lastEventId(request))
    const first = helloFrame(retryMs, position, hello) + (gap ? gapFrame(position, hub.oldest) : '')
    // The lower end of 80 to 100 % spreads what would otherwise end together, having begun together.
    const endsAfterMs =
      config.streamMs === 0 ? Infinity : randomBetween(config.streamMs * 0.8, config.streamMs)
    const bounds = { bufferedBytesMax: config.bufferedBytesMax, endsAfterMs }
    const connection = new HttpConnection(response, first, bounds, (reason, openMs) => {
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
function lastEventId(request: Request): string | undefined {
  const id = request.get('Last-Event-ID') || request.query.lastEventID
  return id === undefined || id === '' ? undefined : typeof id === 'string' ? id : 'not an id'
}

function randomBetween(min: number, max: number): number {
  return Math.floor(min + Math.random() * (max - min + 1))
}
