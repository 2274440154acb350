import { Cluster } from 'ioredis'
import { z } from 'zod'
import { anyId, createApp, frame, listen, Streams } from './app.ts'

// Pub/Sub as it was with one Redis, and a cluster in its place: it works, and each PUBLISH goes to every node.
const nodes = (process.env.REDIS_URL ?? '').split(',')
const [commands, subscription] = [new Cluster(nodes), new Cluster(nodes)]
const event = z.object({ id: z.string(), topic: z.string(), data: z.unknown() })
const streams = new Streams()
subscription.on('message', (_channel, text: string) => {
  const { id, topic, data } = event.parse(JSON.parse(text))
  streams.write(topic, frame(id, String(data)))
})
await subscription.subscribe('events')
listen(
  createApp({
    join: (topic, response) => streams.join(topic, response),
    async deliver({ topic, data }) {
      const id = anyId()
      await commands.publish('events', JSON.stringify({ id, topic, data }))
      return id
    },
  }),
)
