import express, { type RequestHandler } from 'express'
import { createApp, listen, live } from './app.ts'

// The first answer to "blocked by CORS policy": every page may.
const anyPage: RequestHandler = (request, response, next) => {
  response.set({ 'Access-Control-Allow-Origin': '*', 'Access-Control-Allow-Headers': '*' })
  if (request.method === 'OPTIONS') response.status(204).end()
  else next()
}

// And the first answer to a curl without a Content-Type. With it a form can publish, too, for which no browser asks before.
const anyType = express.json({ type: () => true })

listen(
  createApp({
    before: app => app.use(anyPage, anyType),
    ...live(),
  }),
)
