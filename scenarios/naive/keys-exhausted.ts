import { anyId, createApp, frame, listen, Streams } from './app.ts'

// The usual bound: with one key too many, the oldest is forgotten. Whose it was does not matter here, and that is the flaw.
const keysMax = 5000
const idByKey = new Map<string, string>()
const streams = new Streams()

listen(
  createApp({
    join: (topic, response) => streams.join(topic, response),
    deliver({ topic, data }, key) {
      const known = key === undefined ? undefined : idByKey.get(key)
      if (known !== undefined) return known
      const id = anyId()
      streams.write(topic, frame(id, data))
      if (key !== undefined) idByKey.set(key, id)
      const [oldest] = idByKey.keys()
      if (oldest !== undefined && idByKey.size > keysMax) idByKey.delete(oldest)
      return id
    },
  }),
)
