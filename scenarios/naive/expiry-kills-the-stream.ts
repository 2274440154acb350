import { createApp, listen, live } from './app.ts'
import { callerOf, only } from './caller.ts'

// By the book: a stream ends with its token, and whoever comes with one that has ended is answered 401.
const all = live()
listen(
  createApp({
    ...all,
    before: app => app.get('/events', only(callerOf)),
    async join(topic, response, lastId) {
      await all.join(topic, response, lastId)
      const { expiresAt } = await callerOf(response.req)
      setTimeout(() => response.end(), expiresAt - Date.now())
    },
  }),
)
