import express, { type Express, type RequestHandler, type Router } from 'express'
import type { RequestListener } from 'node:http'
import type { Bus } from '../bus/bus.ts'
import type { Config } from '../config.ts'
import { streamHeaders } from './connection.ts'
import { crossOrigin } from './cross-origin.ts'
import type { WorkerName } from '../event.ts'
import type { Hub } from '../hub/hub.ts'
import { jsonBody } from './json-body.ts'
import type { Log } from '../observe/log.ts'
import { prometheusText } from '../observe/metrics.ts'
import { answerProblem } from './problem.ts'
import { publish } from './publish.ts'
import { Refusal } from './refusal.ts'
import { openStream, type OpenStream } from './stream.ts'
import type { Workers } from '../cluster/workers.ts'

export type AppParts = {
  config: Config
  name: WorkerName
  bus: Bus
  hub: Hub
  workers: Workers
  log: Log
  /** Whether this worker is on its way out. */
  isDraining: () => boolean
  /** Folder of the built page. */
  pageFolder: string
  /** What the page of a lab needs: see lab.ts. */
  lab?: Router
}

/** The HTTP API. docs/api.md describes each call. */
export function createApp(parts: AppParts): RequestListener {
  const { config, name, bus, hub, workers, log, isDraining, pageFolder, lab } = parts
  const stream = openStream({ config, name, busName: bus.name, hub, log, isDraining })
  const app = express()
  app.disable('x-powered-by')
  // nginx knows /events alone: /Events or /events/ would work until the first restart, and then end for good.
  app.enable('strict routing')
  app.enable('case sensitive routing')
  app.set('etag', false)

  app.use((_request, response, next) => {
    // pm2 keeps the port while this worker leaves, and a busy keep-alive connection would go on bringing calls here.
    if (isDraining()) response.set('Connection', 'close')
    next()
  })

  app.use(
    '/events',
    crossOrigin(config.corsOrigins, { methods: ['GET', 'HEAD', 'POST'], maxAge: preflightSeconds }),
  )
  app
    .route('/events')
    // A HEAD that ran the GET would open a stream that nobody reads and nothing ends.
    .head((_request, response) => void response.writeHead(200, streamHeaders).end())
    .get(stream)
    .post(
      jsonBody(config.eventBytesMax, 'EVENT_BYTES_MAX'),
      publish({ bus, stats: hub.stats, worker: name.worker, eventBytesMax: config.eventBytesMax, log }),
    )
    .all(only('GET, HEAD, POST, OPTIONS'))

  app
    .route('/api/workers')
    .all(uncached, crossOrigin(config.corsOrigins))
    .get(async (_request, response) => void response.json(await workers.list()))
    .all(only('GET, HEAD, OPTIONS'))
  app
    .route('/healthz')
    .get(uncached, (_request, response) => void response.json({ alive: true }))
    .all(only('GET, HEAD'))
  app
    .route('/readyz')
    .get(uncached, (_request, response) => {
      if (isDraining()) throw new Refusal('not-ready', 'This worker is draining.')
      if (!bus.ready) throw new Refusal('not-ready', 'This worker does not hear the bus.')
      response.json({ ready: true })
    })
    .all(only('GET, HEAD'))
  app
    .route('/metrics')
    .get(uncached, async (_request, response) => {
      response.type('text/plain; version=0.0.4').send(await prometheusText(await workers.metrics()))
    })
    .all(only('GET, HEAD'))

  if (lab !== undefined) app.use('/api/lab', uncached, lab)

  const policy = pagePolicy(config.corsOrigins)
  app.use(
    express.static(pageFolder, {
      // The way to a folder would repeat the query, however long: see cross-origin.ts.
      redirect: false,
      setHeaders: response => void response.setHeader('Content-Security-Policy', policy),
    }),
  )
  app.use(() => {
    throw new Refusal(
      'not-found',
      'There is nothing at this path. The calls are /events, /api/workers, /healthz, /readyz, /metrics, and / for the page.',
    )
  })
  app.use(answerProblem(log))
  return streamsFirst(stream, app)
}

/**
 * What Express and its middleware make for a request lives as long as its answer: for a stream that is half an hour, and
 * 2 KiB. So a stream passes them by. One that is refused takes the long way, where refusals become answers.
 */
function streamsFirst(stream: OpenStream, app: Express): RequestListener {
  return (request, response) => {
    if (request.method === 'GET' && /^\/events(\?|$)/.test(request.url ?? '')) {
      try {
        stream(request, response)
        return
      } catch {
        // Express meets the same error again, and says it.
      }
    }
    app(request, response)
  }
}

// Without it a page of another origin asks before each publish.
const preflightSeconds = 600

// The page talks to the other side, too, and to nobody else. On this machine its streams spread over names below
// localhost, because a browser counts its six connections by name.
export function pagePolicy(origins: readonly string[]): string {
  const names = origins.filter(origin => new URL(origin).hostname === 'localhost')
  const wildcards = names.map(origin => origin.replace('localhost', '*.localhost'))
  const connect = ["'self'", ...origins, ...wildcards].join(' ')
  return `default-src 'self'; connect-src ${connect}; frame-ancestors 'none'; base-uri 'none'; form-action 'none'`
}

const uncached: RequestHandler = (_request, response, next) => {
  response.set('Cache-Control', 'no-store')
  next()
}

function only(allow: string): RequestHandler {
  return (_request, response) => {
    response.set('Allow', allow)
    throw new Refusal('method-not-allowed', `This path takes ${allow}.`)
  }
}
