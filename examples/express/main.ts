import express from 'express'
import { createSse, openServer } from '@sse-lab/server'

const sse = createSse({ redis: process.env.REDIS_URL })
const app = express()
// nginx knows /events alone: /events/ would work until the first restart, and then end for good.
app.enable('strict routing')
app.enable('case sensitive routing')

// Before any body parser: receive() reads the body itself, and no digit of a number is lost.
app.get('/events', (request, response) => sse.stream(request, response))
app.post('/events', (request, response) => sse.receive(request, response))
app.get('/healthz', (_request, response) => void response.sendStatus(sse.ready ? 200 : 503))

app.use(express.json())
// An event of the application's own: its route, its session, its check, and one line for all processes.
app.post('/rooms/:room/messages', async (request, response) => {
  const { id } = await sse.publish(`room/${request.params.room}`, request.body, { type: 'message-added' })
  response.status(201).json({ id })
})

await sse.untilReady()
// Like createServer of node:http, with room for 32 long topics, and a bound on requests that nobody waits for.
const server = openServer(app).listen({ port: Number(process.env.PORT ?? 3000), backlog: 4096 })
process.once('SIGTERM', () => void sse.drain(server))
