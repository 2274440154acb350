import { setTimeout as pause } from 'node:timers/promises'
import express from 'express'
import { Redis } from 'ioredis'

// The start as people write it: connect, then listen, at the top level, and nobody catches. pm2 has a listener of its own
// for unhandled rejections, which logs them; with a listener Node does not end the process. The port is never opened, and
// pm2, which sees a process, says "online".
const redis = new Redis(process.env.REDIS_URL, { maxRetriesPerRequest: 1 })
redis.on('error', () => undefined)

async function main() {
  await redis.subscribe('events')
  const app = express()
  app.get('/healthz', (_request, response) => void response.json({ alive: true }))
  app.listen(Number(process.env.PORT ?? 3000))
}

void main()

// Something always keeps a real process alive.
for (;;) await pause(60_000)
