import { isIP } from 'node:net'
import { Router, type RequestHandler } from 'express'
import { z } from 'zod'
import { crossOrigin } from '../http/cross-origin.ts'
import { readJsonBody } from '../http/body.ts'
import type { Log } from '../observe/facts.ts'
import { Refusal } from '../http/refusal.ts'
import { RepeatedFact } from '../observe/repeated-fact.ts'
import type { WorkerStatus } from '../cluster/worker-status.ts'

/** What the page of a lab needs and production must not have. */
export type LabParts = {
  /** LAB=1. If false, only GET /api/lab is served, and it says `lab: false`. */
  enabled: boolean
  /** Where the sides' pages come from: they may call each other. */
  origins: readonly string[]
  /** This worker's bus, by which the page tells the sides apart before any stream is open. */
  bus: string
  /** After how long without a byte the broken side's proxy closes a stream. */
  brokenTimeoutMs: number
  /** Whether the container may be ended, since somebody starts it again. */
  restarts: boolean
  /** Every live worker of every container. */
  listWorkers: () => Promise<readonly WorkerStatus[]>
  /** This worker's server, and the port on which every server listens. */
  server: string
  port: number
  /** Whether a process is one that this server has started: see processes.ts. */
  isOwnProcess: (pid: number) => Promise<boolean>
  /** Ends a process: at once, or after a drain. */
  endProcess: (act: 'kill' | 'reload', pid: number) => void
  /** Ends this worker's whole container, after a drain. */
  endContainer: () => void
  /** The report of the last `make scenarios` as JSON, if there is one. */
  readReport: () => Promise<string | null>
  log: Log
}

const order = z.strictObject({ worker: z.string().max(300), act: z.enum(['kill', 'reload', 'restart']) })
const orderBytesMax = 1024
const forwarded = 'X-Lab-Forwarded'
const forwardMsMax = 15_000

/** `GET /api/lab`, `POST /api/lab/workers`, `GET /api/lab/scenarios`. docs/api.md describes each. */
export function labCalls(parts: LabParts): Router {
  const router = Router()
  router.use(crossOrigin(parts.origins, { methods: ['GET', 'POST'] }))
  router.get('/', async (_request, response) => {
    const report = parts.enabled && (await parts.readReport()) !== null
    const { origins, bus, brokenTimeoutMs } = parts
    const restarts = parts.enabled && parts.restarts
    response.json({ lab: parts.enabled, origins, report, bus, brokenTimeoutMs, restarts })
  })
  if (!parts.enabled) return router
  router.get('/scenarios', async (_request, response) => {
    const text = await parts.readReport()
    if (text === null) throw new Refusal('not-found', 'No scenario was run yet: make scenarios.')
    response.type('application/json').send(text)
  })
  router.post('/workers', strikeWorker(parts))
  return router
}

// A page elsewhere cannot call this unseen: application/json needs a preflight, which `origins` alone pass.
function strikeWorker(parts: LabParts): RequestHandler {
  const { listWorkers, server, port, restarts, isOwnProcess, endProcess, endContainer, log } = parts
  const ended = new RepeatedFact(log, { text: 'lab: the page asked to end this worker' })
  const failed = new RepeatedFact(log, { text: 'lab: the worker could not be ended' })
  return async (request, response) => {
    const read = order.safeParse(await readJsonBody(request, orderBytesMax, `${orderBytesMax} bytes`))
    if (!read.success)
      throw new Refusal(
        'bad-field',
        'The body must be {"worker","act"}, where act is "kill", "reload" or "restart".',
      )
    const { act, worker } = read.data
    const named = (await listWorkers()).find(it => it.worker === worker)
    if (named === undefined)
      throw new Refusal('bad-field', 'field "worker" names no live worker. GET /api/workers lists them.')
    if (named.server !== server) {
      if (request.get(forwarded) !== undefined)
        throw new Refusal('bad-field', 'field "worker" names a worker of another server.')
      response.status(await forward(named.host, port, read.data)).json(read.data)
      return
    }
    if (act === 'restart' && !restarts)
      throw new Refusal('bad-field', 'field "act" cannot be "restart": nobody would start this server again.')
    // Anyone who reaches Redis can write the list. So a process is ended only if it is a worker of this server.
    if (!(await isOwnProcess(named.pid)))
      throw new Refusal('bad-field', 'field "worker" names no process of its server.')
    ended.happened({ act, target: worker }, worker)
    // Answered first: the worker that takes the call may be the one that goes.
    response.status(202).json(read.data)
    response.once('close', () => {
      try {
        if (act === 'restart') endContainer()
        else endProcess(act, named.pid)
      } catch (error) {
        failed.happened({ err: error, target: worker })
      }
    })
  }
}

/** Only the named one's own server may end it. Docker resolves the host: it is the container's id, or its host name. */
async function forward(host: string, port: number, body: object): Promise<number> {
  if (!isHostName(host))
    throw new Refusal('bad-field', 'field "worker" names a worker whose host has no host name.')
  const answer = await fetch(`http://${host}:${port}/api/lab/workers`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', [forwarded]: '1' },
    body: JSON.stringify(body),
    redirect: 'error',
    signal: AbortSignal.timeout(forwardMsMax),
  }).catch(() => undefined)
  if (answer === undefined) throw new Refusal('not-ready', 'The host of that worker does not answer.')
  await answer.body?.cancel()
  return answer.status
}

// Not a path, a port or an address in disguise: whoever writes the list could have the call sent there.
function isHostName(host: string): boolean {
  const looksLikeOne = /^[a-z\d_]([a-z\d_.-]{0,251}[a-z\d_])?$/i.test(host)
  const url = `http://${host}`
  // [WHATWG URL] What ends in a number is an IPv4 address, in whatever way it is written.
  return looksLikeOne && isIP(host) === 0 && URL.canParse(url) && new URL(url).hostname === host.toLowerCase()
}
