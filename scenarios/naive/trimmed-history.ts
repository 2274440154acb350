import type { Response } from 'express'
import { createApp, frame, listen, Streams } from './app.ts'
import { Log, type Event } from './log.ts'

// Live events wait until the history is written, so nothing is lost in between. But XRANGE from an id that was trimmed
// answers with what is left, as if nothing had been before it.
const log = new Log(process.env.REDIS_URL ?? '', { eventsMax: Number(process.env.LOG_EVENTS_MAX) })
const streams = new Streams()
const joining = new Map<Response, Event[]>()
await log.listen(event => {
  for (const waiting of joining.values()) waiting.push(event)
  streams.write(event.topic, frame(event.id, event.data))
})
listen(
  createApp({
    async join(topic, response, lastId) {
      const waiting: Event[] = []
      joining.set(response, waiting)
      const missed = lastId === undefined ? [] : await log.after(lastId)
      joining.delete(response)
      const written = new Set<string>()
      for (const event of [...missed, ...waiting]) {
        if (event.topic === topic && !written.has(event.id)) response.write(frame(event.id, event.data))
        written.add(event.id)
      }
      streams.join(topic, response)
    },
    deliver: async draft => await log.add(draft),
  }),
)
