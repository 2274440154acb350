import { randomUUID } from 'node:crypto'
import express, { type Express, type Response } from 'express'

/** What a publish of the naive servers is. */
export type Draft = { topic: string; data: string }

/**
 * The frame around every naive server, so that each file beside this one shows its own flaw and nothing else: the same
 * calls as the lab's server, an open first block, and `deliver`, which a file fills with its own way.
 */
export function createApp(parts: {
  /** Takes over an open stream that has said hello. */
  join(topic: string, response: Response, lastId: string | undefined): Promise<void> | void
  /** Gives an event to the streams, and returns its id. `key` is the Idempotency-Key. */
  deliver(draft: Draft, key: string | undefined): Promise<string> | string
  /** Set before the stream's route. */
  before?: (app: Express) => void
  cacheControl?: string
  /** Whether a stream says hello before it joins. */
  greets?: boolean
}): Express {
  const app = express()
  parts.before?.(app)
  app.get('/healthz', (_request, response) => void response.json({ alive: true }))
  app.get('/events', async (request, response) => {
    response.writeHead(200, {
      'Content-Type': 'text/event-stream',
      'Cache-Control': parts.cacheControl ?? 'no-cache',
    })
    if (parts.greets ?? true) response.write(hello())
    else response.flushHeaders()
    const { topic } = request.query
    await parts.join(typeof topic === 'string' ? topic : 'lobby', response, request.get('Last-Event-ID'))
  })
  app.post('/events', express.json({ limit: '1mb' }), async (request, response) => {
    // A demo trusts what it gets.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    const draft = request.body as Draft
    const id = await parts.deliver(draft, request.get('Idempotency-Key'))
    response.status(202).json({ id, topic: draft.topic, worker: worker() })
  })
  return app
}

/** Listens where the environment says. */
export function listen(app: Express): void {
  app.listen(Number(process.env.PORT))
}

/** The name that hello and each answer say. */
export function worker(): string {
  return `naive/${process.pid}`
}

/** The first block of a stream, as the lab's server sends it, without a position. */
export function hello(): string {
  const data = { worker: worker(), instance: 0, pid: process.pid, bus: 'naive', heartbeatMs: 0 }
  return `retry: 500\nevent: hello\ndata: ${JSON.stringify(data)}\n\n`
}

/** A frame of one event. */
export function frame(id: string, data: string): string {
  return `id: ${id}\ndata: ${data}\n\n`
}

/** The usual place for open streams: a set for each topic. */
export class Streams {
  readonly #byTopic = new Map<string, Set<Response>>()

  join(topic: string, response: Response): void {
    const all = this.#byTopic.get(topic) ?? new Set()
    this.#byTopic.set(topic, all.add(response))
    response.once('close', () => all.delete(response))
  }

  write(topic: string, text: string): void {
    for (const response of this.#byTopic.get(topic) ?? []) response.write(text)
  }
}

/** The usual `join` and `deliver`, for a server whose flaw is elsewhere: it tells each event to the streams of its topic. */
export function live(): Pick<Parameters<typeof createApp>[0], 'join' | 'deliver'> {
  const streams = new Streams()
  return {
    join: (topic, response) => streams.join(topic, response),
    deliver({ topic, data }) {
      const id = anyId()
      streams.write(topic, frame(id, data))
      return id
    },
  }
}

/** An id that means nothing but itself. */
export function anyId(): string {
  return randomUUID()
}
