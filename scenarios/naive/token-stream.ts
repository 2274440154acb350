import { setTimeout as pause } from 'node:timers/promises'
import { createUIMessageStream, pipeUIMessageStreamToResponse } from 'ai'
import express from 'express'
import { listen } from './app.ts'

// As nearly every chat starts: the answer to the POST is the answer of the model. It lives in this one response of this one
// process, and nobody else has ever heard of it.
const tokenCount = Number(process.env.TOKENS)
const tokenMs = Number(process.env.TOKEN_MS)
const app = express()
app.get('/healthz', (_request, response) => void response.json({ alive: true }))
app.post('/ask', (_request, response) => {
  const stream = createUIMessageStream({
    async execute({ writer }) {
      writer.write({ type: 'start' })
      writer.write({ type: 'text-start', id: 'answer' })
      for (let number = 1; number <= tokenCount; number += 1) {
        await pause(tokenMs)
        writer.write({ type: 'text-delta', id: 'answer', delta: `${number} ` })
      }
      writer.write({ type: 'text-end', id: 'answer' })
      writer.write({ type: 'finish' })
    },
  })
  void pipeUIMessageStreamToResponse({ response, stream })
})
// What the `ai` package asks for after a reload. 204: nothing is going on that anyone could come back to.
app.get('/ask/:chat/stream', (_request, response) => void response.status(204).end())
listen(app)
