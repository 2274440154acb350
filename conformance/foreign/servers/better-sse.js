import { createServer } from 'node:http'
import { json } from 'node:stream/consumers'
import { createChannel, createSession } from 'better-sse'
import { serve } from './serve.js'

const channels = new Map()
const channelOf = topic => {
  if (!channels.has(topic)) channels.set(topic, createChannel())
  return channels.get(topic)
}
serve(
  createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url, 'http://any')
    if (pathname !== '/events') response.writeHead(404).end()
    else if (request.method === 'GET' || request.method === 'HEAD') {
      channelOf(searchParams.get('topic')).register(await createSession(request, response))
    } else if (request.method === 'POST') {
      const { topic, data, type } = await json(request)
      channelOf(topic).broadcast(data, type ?? 'message')
      response.writeHead(202).end()
    } else response.writeHead(405, { Allow: 'GET, HEAD, POST' }).end()
  }),
)
