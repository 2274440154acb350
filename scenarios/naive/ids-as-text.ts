import { createApp, frame, listen, Streams } from './app.ts'
import { Log, type Event } from './log.ts'

// The history is in memory, so that replay and live meet without a hole. But an id of Redis is two numbers, and as text
// "17-10" comes before "17-9".
const log = new Log(process.env.REDIS_URL ?? '')
const streams = new Streams()
const history: Event[] = []
await log.listen(event => {
  history.push(event)
  streams.write(event.topic, frame(event.id, event.data))
})
listen(
  createApp({
    join(topic, response, lastId) {
      const missed = lastId === undefined ? [] : history.filter(({ id }) => id > lastId)
      for (const event of missed) if (event.topic === topic) response.write(frame(event.id, event.data))
      streams.join(topic, response)
    },
    deliver: async draft => await log.add(draft),
  }),
)
