import express, { type Express, type Router } from 'express'
import { ServerResponse, type IncomingMessage } from 'node:http'
import type { Log } from '../observe/facts.ts'
import type { Sse } from '../sse.ts'
import { bareApp, only } from './bare-app.ts'
import type { Listener } from './bare-response.ts'
import { answerErrors } from './call-errors.ts'
import { crossOrigin } from './cross-origin.ts'
import { docsSite } from './docs.ts'
import { probes } from './operators.ts'
import { Refusal } from './refusal.ts'

export type AppParts = {
  sse: Sse
  log: Log
  corsOrigins: readonly string[]
  /** Folder of the built page. */
  pageFolder: string
  /** Folder of the built docs. */
  docsFolder?: string
  /** `POST /events/tickets`, where access is controlled. */
  tickets?: Router | undefined
  /** What only operators may ask for, unless it has a port of its own. */
  operators?: Router | undefined
}

/** The HTTP API. docs/api.md describes each call. */
export function createApp(parts: AppParts): Listener {
  const { sse, log, corsOrigins, pageFolder, docsFolder, tickets, operators } = parts
  const app = bareApp()

  app.use((_request, response, next) => {
    // pm2 keeps the port while this worker leaves, and a busy keep-alive connection would go on bringing calls here.
    if (sse.draining) response.set('Connection', 'close')
    next()
  })

  app.use('/events', crossOrigin(corsOrigins, { methods: ['GET', 'HEAD', 'POST'], maxAge: preflightSeconds }))
  app
    .route('/events')
    .get(async (request, response) => await sse.stream(request, response))
    .post(async (request, response) => await sse.receive(request, response))
    .all(only('GET, HEAD, POST, OPTIONS'))

  if (tickets !== undefined) app.use('/events/tickets', tickets)
  app.use(probes(sse))
  if (operators !== undefined) app.use(operators)

  if (docsFolder !== undefined) app.use(docsSite(docsFolder))

  const policy = pagePolicy(corsOrigins)
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
      'There is nothing at this path. The calls are /events, /healthz, /readyz, / for the page, and /docs/; operators have /api/workers and /metrics.',
    )
  })
  app.use(answerErrors(log))
  return streamsFirst(sse, app)
}

/**
 * What Express and its middleware make for a request lives as long as its answer: for a stream that is half an hour, and
 * 2 KiB. So a stream passes them by, and the headers of its request, with its token, are let go once it is open.
 */
function streamsFirst(sse: Sse, app: Express): Listener {
  return (request, response) => {
    if (isStreamCall(request)) void sse.stream(request, response).then(() => forgetHeaders(request))
    else if (response instanceof ServerResponse) app(request, response)
  }
}

function forgetHeaders(request: IncomingMessage): void {
  request.headers = {}
  request.rawHeaders = []
}

/** Whether a request is for a stream. */
export function isStreamCall({ method, url = '' }: IncomingMessage): boolean {
  return method === 'GET' && /^\/events(\?|$)/.test(url)
}

// Caches a CORS preflight. Without it browsers ask again after 5 s, before almost every publish.
const preflightSeconds = 600

// The page talks to the other side, too, and to nobody else. On this machine its streams spread over names below
// localhost, because a browser counts its six connections by name.
export function pagePolicy(origins: readonly string[]): string {
  const names = origins.filter(origin => new URL(origin).hostname === 'localhost')
  const wildcards = names.map(origin => origin.replace('localhost', '*.localhost'))
  const connect = ["'self'", ...origins, ...wildcards].join(' ')
  return `default-src 'self'; connect-src ${connect}; frame-ancestors 'none'; base-uri 'none'; form-action 'none'`
}
