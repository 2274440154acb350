import compression from 'compression'
import { anyId, createApp, frame, listen, Streams } from './app.ts'

// One line that every Express tutorial has. The middleware takes text/event-stream for compressible, and gives each
// write to zlib without a flush: zlib keeps it until its block is full. `CACHE_CONTROL` is the stream's header.
const streams = new Streams()
listen(
  createApp({
    before: app => app.use(compression()),
    ...(process.env.CACHE_CONTROL !== undefined && { cacheControl: process.env.CACHE_CONTROL }),
    join: (topic, response) => streams.join(topic, response),
    deliver({ topic, data }) {
      const id = anyId()
      streams.write(topic, frame(id, data))
      return id
    },
  }),
)
