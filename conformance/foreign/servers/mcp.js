import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import express from 'express'
import { serve } from './serve.js'

/** A server of the Model Context Protocol without sessions: each POST is answered with a stream. */
const app = express()
app.use(express.json())
app.post('/mcp', async (request, response) => {
  const server = new McpServer({ name: 'foreign', version: '1.0.0' })
  server.registerTool('hello', { description: 'Says hello' }, () => ({
    content: [{ type: 'text', text: 'hello' }],
  }))
  const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined })
  response.on('close', () => void transport.close())
  await server.connect(transport)
  await transport.handleRequest(request, response, request.body)
})
app.all('/mcp', (_request, response) => response.set('Allow', 'POST').sendStatus(405))
serve(app)
