import express from 'express'
import { serve } from './serve.js'

/** What most tutorials write: the text in one field, whatever is in it. */
const app = express()
const streams = new Map()
app.use(express.json())
app.get('/events', (request, response) => {
  response.set({ 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' }).flushHeaders()
  streams.set(response, request.query.topic)
  request.on('close', () => streams.delete(response))
})
app.post('/events', (request, response) => {
  const { topic, type, data } = request.body
  for (const [stream, its] of streams) {
    if (its === topic) stream.write(`${type ? `event: ${type}\n` : ''}data: ${data}\n\n`)
  }
  response.sendStatus(200)
})
serve(app)
