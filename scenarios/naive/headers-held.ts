import { anyId, createApp, frame, listen, Streams } from './app.ts'

// writeHead() alone sends nothing: Node puts the headers into one packet with the first bytes of the body. Until the first
// event, whoever asked has no answer at all.
const streams = new Streams()
listen(
  createApp({
    before: app =>
      app.get('/events', (_request, response) => {
        response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' })
        streams.join('lobby', response)
      }),
    join: () => undefined,
    deliver({ data }) {
      const id = anyId()
      streams.write('lobby', frame(id, data))
      return id
    },
  }),
)
