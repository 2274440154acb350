import { createApp, listen, live } from './app.ts'
import { only, verify } from './caller.ts'

// EventSource cannot set a header, so the token comes in the address, as in many answers to that question. It is checked
// well; but an address is written down on its way.
listen(
  createApp({
    before: app =>
      app.get(
        '/events',
        only(async ({ query }) => await verify(typeof query.token === 'string' ? query.token : '')),
      ),
    ...live(),
  }),
)
