import { createApp, frame, listen, Streams } from './app.ts'
import { Log } from './log.ts'

// The heartbeat as just another event: each worker publishes one to all streams, so each stream hears one of every worker.
const log = new Log(process.env.REDIS_URL ?? '')
const streams = new Streams()
await log.listen(({ id, topic, data }) => {
  if (data === 'ping') streams.write(topic, 'event: heartbeat\ndata:\n\n')
  else streams.write(topic, frame(id, data))
})
setInterval(() => void log.add({ topic: 't', data: 'ping' }), Number(process.env.HEARTBEAT_MS))
listen(
  createApp({
    join: (topic, response) => streams.join(topic, response),
    deliver: async draft => await log.add(draft),
  }),
)
