import { Redis } from 'ioredis'
import { createApp, frame, hello, listen } from './app.ts'

// A subscriber for each stream, as many tutorials have it: a thousand clients are a thousand connections to Redis, which
// has 10,000 for all.
const url = process.env.REDIS_URL ?? ''
const publisher = new Redis(url)
listen(
  createApp({
    join(topic, response) {
      const subscriber = new Redis(url, { connectionName: 'stream', retryStrategy: () => null })
      subscriber.on('error', (error: Error) => process.stdout.write(`${error.message}\n`))
      subscriber.on('message', (_channel, text: string) => response.write(text))
      // Only now does the client hear something: then its stream is in place.
      void subscriber.subscribe(topic).then(
        () => response.write(hello()),
        () => undefined,
      )
      response.once('close', () => subscriber.disconnect())
    },
    async deliver({ topic, data }) {
      const id = `${Date.now()}`
      await publisher.publish(topic, frame(id, data))
      return id
    },
    greets: false,
  }),
)
