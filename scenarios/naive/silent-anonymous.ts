import { createApp, listen, live } from './app.ts'
import { callerOf } from './caller.ts'

// Guests may read what is public, so somebody without a good token is a guest. Nobody tells the one who was not meant to be.
const all = live()
listen(
  createApp({
    ...all,
    async join(topic, response, lastId) {
      const user = await callerOf(response.req).catch(() => undefined)
      if (user !== undefined || topic.startsWith('public/')) await all.join(topic, response, lastId)
    },
  }),
)
