import { randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import { isInitializeRequest } from '@modelcontextprotocol/sdk/types.js'
import express, { type Request, type Response } from 'express'
import { Redis } from 'ioredis'
import { notebook } from '../rig/notebook.ts'

/**
 * What belongs to a session is where every worker reaches it: its state in Redis, what it is told on a topic of the lab. The SDK's
 * transport lives as long as one request, without a session of its own.
 */
const lab = process.env.LAB_URL ?? ''
const redis = new Redis(process.env.REDIS_URL ?? '')
const expirySeconds = 3600

const key = (id: string) => `session:${id}`
const topic = (id: string) => `session/${id}`

async function open(): Promise<string> {
  const id = randomUUID()
  await redis.multi().hset(key(id), 'notes', 0).expire(key(id), expirySeconds).exec()
  return id
}

/** The id of the session that a request names, if there is one. Each request prolongs it. */
async function find(request: Request): Promise<string | undefined> {
  const id = request.get('Mcp-Session-Id')
  return id !== undefined && (await redis.expire(key(id), expirySeconds)) === 1 ? id : undefined
}

function refuse(response: Response): void {
  const error = { code: -32001, message: 'Session not found' }
  response.status(404).json({ jsonrpc: '2.0', error, id: null })
}

/** Publishes a message to whoever holds the session's stream, on whichever worker. */
async function tell(id: string, data: string): Promise<void> {
  const message = { jsonrpc: '2.0', method: 'notifications/message', params: { level: 'info', data } }
  const answer = await fetch(`${lab}/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ topic: topic(id), data: message }),
  })
  if (answer.status !== 202) throw new Error(`not published: ${answer.status}`)
}

const app = express()
app.get('/healthz', (_request, response) => void response.json({ worker: `fixed/${process.pid}` }))
app.post('/mcp', express.json(), async (request, response) => {
  const id = isInitializeRequest(request.body) ? await open() : await find(request)
  if (id === undefined) return refuse(response)
  response.setHeader('Mcp-Session-Id', id)
  const server = notebook({
    count: () => redis.hincrby(key(id), 'notes', 1),
    tell: data => tell(id, data),
  })
  const transport = new StreamableHTTPServerTransport({ enableJsonResponse: true })
  response.once('close', () => void server.close())
  await server.connect(transport)
  await transport.handleRequest(request, response, request.body)
})
// The lab's stream is one already: its ids resume it at any worker, and MCP passes over hello and heartbeat.
app.get('/mcp', async (request, response) => {
  const id = await find(request)
  if (id === undefined) return refuse(response)
  const gone = new AbortController()
  response.once('close', () => gone.abort())
  const lastId = request.get('Last-Event-ID')
  const stream = await fetch(`${lab}/events?topic=${encodeURIComponent(topic(id))}`, {
    headers: lastId === undefined ? {} : { 'last-event-id': lastId },
    signal: gone.signal,
  })
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'X-Accel-Buffering': 'no' })
  if (stream.body !== null)
    await pipeline(Readable.fromWeb(stream.body), response).catch(() => response.destroy())
})
app.delete('/mcp', async (request, response) => {
  const id = await find(request)
  if (id === undefined) return refuse(response)
  await redis.del(key(id))
  response.status(200).end()
})
app.listen(Number(process.env.PORT))
