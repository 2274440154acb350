import { createSse, openServer } from '@sse-lab/server'

const sse = createSse({ redis: process.env.REDIS_URL })

// Like createServer of node:http, with room for 32 long topics, and a bound on requests that nobody waits for.
const server = openServer((request, response) => {
  const path = URL.parse(request.url ?? '', 'http://localhost')?.pathname
  if (path === '/healthz') response.writeHead(sse.ready ? 200 : 503).end()
  else if (path !== '/events') response.writeHead(404).end()
  else if (request.method === 'POST') void sse.receive(request, response)
  else if (request.method === 'GET' || request.method === 'HEAD') void sse.stream(request, response)
  else response.writeHead(405, { Allow: 'GET, HEAD, POST' }).end()
})

await sse.untilReady()
// The backlog must hold a herd that comes back at once.
server.listen({ port: Number(process.env.PORT ?? 3000), backlog: 4096 })
process.once('SIGTERM', () => void sse.drain(server))
