import express, { type Router } from 'express'
import type { RequestListener } from 'node:http'
import type { Workers } from '../cluster/workers.ts'
import type { Log } from '../observe/facts.ts'
import { prometheusText } from '../observe/process-metrics.ts'
import type { Sse } from '../sse.ts'
import { bareApp, only, uncached } from './bare-app.ts'
import { answerErrors } from './call-errors.ts'
import { crossOrigin } from './cross-origin.ts'
import { Refusal } from './refusal.ts'

/** What listens on ADMIN_PORT, which no proxy knows. */
export function createAdminApp({
  sse,
  log,
  operators,
}: {
  sse: Sse
  log: Log
  operators: Router
}): RequestListener {
  const app = bareApp()
  app.use(probes(sse), operators)
  app.use(() => {
    throw new Refusal(
      'not-found',
      'There is nothing at this path. The calls are /api/workers, /api/revocations, /healthz, /readyz, /metrics.',
    )
  })
  app.use(answerErrors(log))
  return app
}

export type OperatorParts = {
  workers: Workers
  corsOrigins: readonly string[]
  /** What the page of a lab needs: see lab.ts. */
  lab?: Router
  /** `POST /api/revocations`, where access is controlled. */
  revocations?: Router | undefined
}

/** The calls that say how the workers are, and change it. */
export function operatorCalls({ workers, corsOrigins, lab, revocations }: OperatorParts): Router {
  const router = express.Router({ strict: true, caseSensitive: true })
  router
    .route('/api/workers')
    .all(uncached, crossOrigin(corsOrigins))
    .get(async (_request, response) => void response.json(await workers.list()))
    .all(only('GET, HEAD, OPTIONS'))
  router
    .route('/metrics')
    .get(uncached, async (_request, response) => {
      response.type('text/plain; version=0.0.4').send(await prometheusText(await workers.metrics()))
    })
    .all(only('GET, HEAD'))
  if (lab !== undefined) router.use('/api/lab', uncached, lab)
  if (revocations !== undefined) router.use('/api/revocations', uncached, revocations)
  return router
}

/** Whether the process lives, and whether calls should come here. */
export function probes(sse: Sse): Router {
  const router = express.Router({ strict: true, caseSensitive: true })
  router
    .route('/healthz')
    .get(uncached, (_request, response) => void response.json({ alive: true }))
    .all(only('GET, HEAD'))
  router
    .route('/readyz')
    .get(uncached, (_request, response) => {
      if (sse.draining) throw new Refusal('not-ready', 'This worker is draining.')
      if (!sse.ready) throw new Refusal('not-ready', 'This worker is not connected to Redis.')
      response.json({ ready: true })
    })
    .all(only('GET, HEAD'))
  return router
}
