import { EventEmitter } from 'node:events'
import { anyId, createApp, frame, listen, type Draft } from './app.ts'

// A listener for each stream on one emitter. It is removed when the connection times out, which a stream that was simply
// closed never does: the handler, and the response that it holds, stay.
const emitter = new EventEmitter<{ event: [id: string, draft: Draft] }>()
listen(
  createApp({
    before: app =>
      app.get('/metrics', (_request, response) => {
        response.type('text/plain').send(`sse_connections ${emitter.listenerCount('event')}\n`)
      }),
    join(topic, response) {
      const write = (id: string, draft: Draft) => {
        if (draft.topic === topic) response.write(frame(id, draft.data))
      }
      emitter.on('event', write)
      response.once('timeout', () => emitter.off('event', write))
    },
    deliver(draft) {
      const id = anyId()
      emitter.emit('event', id, draft)
      return id
    },
  }),
)
