import { EventEmitter } from 'node:events'
import express from 'express'
import { Redis } from 'ioredis'

// A hub as people write it: Express, an EventEmitter, Redis Pub/Sub, one write() for each stream. No ids, no replay, no
// bounds. It stands here to be measured against, not to be used.
const channel = 'bench'
const emitter = new EventEmitter().setMaxListeners(0)
const publisher = new Redis(process.env.REDIS_URL)
const subscriber = new Redis(process.env.REDIS_URL)
await subscriber.subscribe(channel)
subscriber.on('message', (_channel, text) => {
  const { topic, data } = JSON.parse(text)
  emitter.emit(topic, data)
})

const app = express()
app.use(express.json())
app.get('/events', (request, response) => {
  const { topic } = request.query
  response.set({ 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache', Connection: 'keep-alive' })
  response.write(':\n\n')
  const write = data => response.write(`data: ${data}\n\n`)
  emitter.on(topic, write)
  request.on('close', () => emitter.off(topic, write))
})
app.post('/events', async (request, response) => {
  await publisher.publish(channel, JSON.stringify(request.body))
  response.status(202).json({ ok: true })
})

// What the bench needs to know beside: that nginx reaches a worker, and that all workers hear the channel.
app.get('/healthz', (_request, response) => void response.json({ alive: true }))
app.get('/api/workers', async (_request, response) => {
  const [, count] = await publisher.pubsub('NUMSUB', channel)
  response.json({ workers: Array.from({ length: Number(count) }, () => ({ ready: true })) })
})
app.listen(Number(process.env.PORT))
