import { createChannel, createSession } from 'better-sse'
import express from 'express'
import { Redis } from 'ioredis'

// better-sse with what it leaves to its user, fan-out over processes, as express-hub.js does it: Redis Pub/Sub. No replay.
const name = 'bench'
const channel = createChannel()
const publisher = new Redis(process.env.REDIS_URL)
const subscriber = new Redis(process.env.REDIS_URL)
await subscriber.subscribe(name)
subscriber.on('message', (_name, text) => channel.broadcast(JSON.parse(text).data))

const app = express()
app.use(express.json())
app.get('/events', async (request, response) => {
  channel.register(await createSession(request, response))
})
app.post('/events', async (request, response) => {
  await publisher.publish(name, JSON.stringify(request.body))
  response.status(202).json({ ok: true })
})

// What the bench needs to know beside, as in express-hub.js.
app.get('/healthz', (_request, response) => void response.json({ alive: true }))
app.get('/api/workers', async (_request, response) => {
  const [, count] = await publisher.pubsub('NUMSUB', name)
  response.json({ workers: Array.from({ length: Number(count) }, () => ({ ready: true })) })
})
app.listen(Number(process.env.PORT))
