import type { RequestHandler } from 'express'
import { createApp, listen, live } from './app.ts'
import { callerOf, only } from './caller.ts'

// `*` does not go with cookies, a browser says; so the answer repeats whatever origin asks. cors({ origin: true, credentials:
// true }) does the same.
const whoeverAsks: RequestHandler = (request, response, next) => {
  response.set('Access-Control-Allow-Origin', request.get('Origin') ?? '*')
  response.set('Access-Control-Allow-Credentials', 'true')
  next()
}

listen(
  createApp({
    before(app) {
      app.use(whoeverAsks)
      app.get('/events', only(callerOf))
    },
    ...live(),
  }),
)
