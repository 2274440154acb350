import { createServer } from 'node:http'
import { json } from 'node:stream/consumers'
import { setTimeout as pause } from 'node:timers/promises'
import { serve } from './serve.js'

/** Answers as the chat completions of language models do: token by token, and then it is done. */
serve(
  createServer(async (request, response) => {
    const { pathname } = new URL(request.url, 'http://any')
    if (pathname !== '/v1/chat/completions') return response.writeHead(404).end()
    if (request.method !== 'POST') return response.writeHead(405, { Allow: 'POST' }).end()
    if (request.headers.authorization !== 'Bearer sk-foreign') return response.writeHead(401).end()
    const { stream } = await json(request).catch(() => ({}))
    if (stream !== true) return response.writeHead(400).end()
    response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' })
    for (const content of ['Hel', 'lo', '!']) {
      response.write(`data: ${JSON.stringify({ choices: [{ delta: { content } }] })}\n\n`)
      await pause(30)
    }
    return response.end('data: [DONE]\n\n')
  }),
)
