import express from 'express'
import { createApp, listen, live } from './app.ts'
import { callerOf, only } from './caller.ts'

// Middleware, as for every other call: it looks at the token, and at the list of what was revoked, when the request comes. A
// stream is one request, and goes on for as long as it likes.
const revoked = new Set<string>()
const app = createApp({
  before(before) {
    before.get(
      '/events',
      only(async request => {
        const { sub } = await callerOf(request)
        if (revoked.has(sub)) throw new Error('revoked')
      }),
    )
    before.post('/api/revocations', express.json(), ({ body }, response) => {
      revoked.add(String(body.sub))
      response.status(202).end()
    })
  },
  ...live(),
})
listen(app)
// Where operators revoke.
app.listen(Number(process.env.ADMIN_PORT))
