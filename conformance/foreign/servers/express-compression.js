import compression from 'compression'
import express from 'express'
import { serve } from './serve.js'

/** An app that compresses what it sends, and flushes nothing. */
const app = express()
const streams = new Map()
app.use(compression({ filter: () => true }), express.json())
app.get('/events', (request, response) => {
  response.set({ 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' }).flushHeaders()
  streams.set(response, request.query.topic)
  request.on('close', () => streams.delete(response))
})
app.post('/events', (request, response) => {
  const { topic, type, data } = request.body
  const lines = `${data}`.split(/\r\n|\r|\n/).map(line => `data: ${line}\n`)
  const block = `${type ? `event: ${type}\n` : ''}${lines.join('')}\n`
  for (const [stream, its] of streams) if (its === topic) stream.write(block)
  response.sendStatus(200)
})
serve(app)
