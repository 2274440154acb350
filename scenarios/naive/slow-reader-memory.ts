import { anyId, createApp, frame, listen, Streams } from './app.ts'

// write() says false when the client is behind, and keeps the bytes all the same. Nobody looks: Streams.write() does not.
const streams = new Streams()
listen(
  createApp({
    join: (topic, response) => streams.join(topic, response),
    deliver({ topic, data }) {
      const id = anyId()
      streams.write(topic, frame(id, data))
      return id
    },
  }),
)
