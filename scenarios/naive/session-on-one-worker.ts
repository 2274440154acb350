import { randomUUID } from 'node:crypto'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import { isInitializeRequest } from '@modelcontextprotocol/sdk/types.js'
import express from 'express'
import { notebook } from '../rig/notebook.ts'
import { listen, worker } from './app.ts'

// As the examples of the SDK have it: the sessions are a Map of this process. Only the worker that opened one knows it.
const sessions = new Map<string, StreamableHTTPServerTransport>()

async function open(): Promise<StreamableHTTPServerTransport> {
  const transport = new StreamableHTTPServerTransport({
    sessionIdGenerator: randomUUID,
    onsessioninitialized: id => void sessions.set(id, transport),
    onsessionclosed: id => void sessions.delete(id),
  })
  let notes = 0
  const server = notebook({
    count: () => (notes += 1),
    tell: data => server.sendLoggingMessage({ level: 'info', data }),
  })
  await server.connect(transport)
  return transport
}

const app = express()
app.get('/healthz', (_request, response) => void response.json({ worker: worker() }))
app.all('/mcp', express.json(), async (request, response) => {
  const known = sessions.get(request.get('Mcp-Session-Id') ?? '')
  const transport = known ?? (isInitializeRequest(request.body) ? await open() : undefined)
  if (transport !== undefined) return await transport.handleRequest(request, response, request.body)
  const error = { code: -32001, message: 'Session not found' }
  response.status(404).json({ jsonrpc: '2.0', error, id: null })
})
listen(app)
