import { anyId, createApp, frame, listen, Streams } from './app.ts'

// It flushes its headers, as it should, and then has nothing to say until something is published.
const streams = new Streams()
listen(
  createApp({
    greets: false,
    join: (topic, response) => streams.join(topic, response),
    deliver({ topic, data }) {
      const id = anyId()
      streams.write(topic, frame(id, data))
      return id
    },
  }),
)
