import { createApp, frame, listen, Streams } from './app.ts'
import { Log } from './log.ts'

// Replay as people write it: read what was missed, write it, then join the live streams. What is published after Redis has
// read the history and before the stream has joined is in neither.
const log = new Log(process.env.REDIS_URL ?? '', { historyUrl: process.env.HISTORY_REDIS_URL })
const streams = new Streams()
await log.listen(({ id, topic, data }) => streams.write(topic, frame(id, data)))
listen(
  createApp({
    async join(topic, response, lastId) {
      if (lastId !== undefined)
        for (const event of await log.after(lastId))
          if (event.topic === topic) response.write(frame(event.id, event.data))
      streams.join(topic, response)
    },
    deliver: async draft => await log.add(draft),
  }),
)
