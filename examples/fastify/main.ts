import { createSse, openServer } from '@sse-lab/server'
import { fastify } from 'fastify'

const sse = createSse({ redis: process.env.REDIS_URL })

const app = fastify({
  // While it closes Fastify answers 503, and that ends an EventSource for good: the package answers "come back" instead.
  return503OnClosing: false,
  // Like createServer of node:http, with room for 32 long topics, and a bound on requests that nobody waits for.
  serverFactory: handler => openServer(handler),
})

await app.register(async events => {
  // Within these routes nobody parses: receive() reads the body itself.
  events.removeAllContentTypeParsers()
  events.addContentTypeParser('*', (_request, _payload, done) => done(null))
  events.get('/events', (request, reply) => {
    reply.hijack()
    void sse.stream(request.raw, reply.raw)
  })
  events.post('/events', (request, reply) => {
    reply.hijack()
    void sse.receive(request.raw, reply.raw)
  })
})
app.get('/healthz', (_request, reply) => reply.code(sse.ready ? 200 : 503).send())

app.addHook('preClose', async () => await sse.drain())

await sse.untilReady()
await app.listen({ port: Number(process.env.PORT ?? 3000), host: '0.0.0.0' })
process.once('SIGTERM', () => void app.close())
