import { anyId, createApp, listen, Streams } from './app.ts'

// The frame as every first example has it. [spec] CR and CRLF end a line just as LF does: what follows one inside `data`
// is read as the next field, and after an empty line as the next event.
const streams = new Streams()
listen(
  createApp({
    join: (topic, response) => streams.join(topic, response),
    deliver({ topic, data }) {
      const id = anyId()
      streams.write(topic, `id: ${id}\ndata: ${data.replaceAll('\n', '\ndata: ')}\n\n`)
      return id
    },
  }),
)
