import { Router, type RequestHandler } from 'express'
import { z } from 'zod'
import { crossOrigin } from './cross-origin.ts'
import { jsonBody } from './json-body.ts'
import type { Log } from './log.ts'
import { Refusal } from './refusal.ts'
import type { WorkerStatus } from './workers.ts'

/** What the page of a lab needs and production must not have. */
export type LabParts = {
  /** LAB=1. Without it the page learns that this is none, and nothing else is here. */
  enabled: boolean
  /** Where the sides' pages come from: they may call each other. */
  origins: readonly string[]
  /** Every live worker of every container. */
  listWorkers: () => Promise<readonly WorkerStatus[]>
  /** This worker's host, and the port on which every host listens. */
  host: string
  port: number
  act: Act
  /** The report of the last `make scenarios` as JSON, if there is one. */
  readReport: () => Promise<string | null>
  log: Log
}

/** Ends a worker of this host: at once, or after a drain. */
export type Act = (act: 'kill' | 'reload', worker: WorkerStatus) => Promise<void>

const order = z.strictObject({ worker: z.string().max(300), act: z.enum(['kill', 'reload']) })
const forwarded = 'X-Lab-Forwarded'
const forwardMsMax = 15_000

/** `GET /api/lab`, `POST /api/lab/workers`, `GET /api/lab/scenarios`. docs/api.md describes each. */
export function labCalls(parts: LabParts): Router {
  const router = Router()
  router.use(crossOrigin(parts.origins, { methods: ['GET', 'POST'] }))
  router.get('/', async (_request, response) => {
    const report = parts.enabled && (await parts.readReport()) !== null
    response.json({ lab: parts.enabled, origins: parts.origins, report })
  })
  if (!parts.enabled) return router
  router.get('/scenarios', async (_request, response) => {
    const text = await parts.readReport()
    if (text === null) throw new Refusal('not-found', 'No scenario was run yet: make scenarios.')
    response.type('application/json').send(text)
  })
  router.post('/workers', jsonBody(1024), strikeWorker(parts))
  return router
}

// A page elsewhere cannot call this unseen: application/json needs a preflight, which `origins` alone pass.
function strikeWorker({ listWorkers, host, port, act, log }: LabParts): RequestHandler {
  return async (request, response) => {
    const read = order.safeParse(request.body)
    if (!read.success)
      throw new Refusal('bad-field', 'The body must be {"worker","act"}, where act is "kill" or "reload".')
    // The pid is the list's, never the caller's.
    const named = (await listWorkers()).find(({ worker }) => worker === read.data.worker)
    if (named === undefined)
      throw new Refusal('bad-field', 'field "worker" names no live worker. GET /api/workers lists them.')
    if (named.host !== host) {
      if (request.get(forwarded) !== undefined)
        throw new Refusal('bad-field', 'field "worker" names a worker of another host.')
      const status = await forward(`http://${named.host}:${port}${request.originalUrl}`, read.data)
      response.status(status).json(read.data)
      return
    }
    log.warn({ act: read.data.act, target: named.worker }, 'a worker is ended, as the page asked')
    // Answered first: the worker that takes the call may be the one that goes.
    response.status(202).json(read.data)
    response.once('close', () => {
      act(read.data.act, named).catch((error: unknown) =>
        log.warn({ err: error }, 'the worker was not ended'),
      )
    })
  }
}

/** Only workers of the named one's host see its process. Docker resolves the host: it is the container's id. */
async function forward(url: string, body: object): Promise<number> {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', [forwarded]: '1' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(forwardMsMax),
  }).catch(() => undefined)
  if (answer === undefined) throw new Refusal('not-ready', 'The host of that worker does not answer.')
  return answer.status
}

/**
 * `kill` is SIGKILL. `reload` is SIGINT: the worker drains, and pm2 starts another. (`pm2 reload` of one worker by its number
 * waits for listen_timeout, a minute, although the new one is ready; by name it reloads all.)
 */
export const endWorker: Act = async (act, { pid }) => {
  process.kill(pid, act === 'kill' ? 'SIGKILL' : 'SIGINT')
}
