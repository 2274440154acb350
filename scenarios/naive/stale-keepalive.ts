import { anyId, createApp } from './app.ts'

// Nothing here is wrong: every Node server closes a connection that was idle for its keepAliveTimeout, 5 s by default. The
// flaw is a proxy that takes it for open. `/work` keeps the event loop busy, as a large JSON.parse would.
const app = createApp({
  before: expressApp =>
    expressApp.get('/work', (request, response) => {
      response.end('begun')
      setImmediate(() => {
        const end = performance.now() + Number(request.query.ms)
        while (performance.now() < end);
      })
    }),
  join: () => undefined,
  deliver: () => anyId(),
})
const server = app.listen(Number(process.env.PORT))
server.keepAliveTimeout = Number(process.env.KEEP_ALIVE_MS)
