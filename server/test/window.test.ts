import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import * as fc from 'fast-check'
import { pino } from 'pino'
import { StreamsBus } from '../src/bus/streams/streams.ts'
import { frameBytes } from '../src/frame.ts'
import { Hub } from '../src/hub/hub.ts'
import { openRedis } from '../src/redis.ts'
import { TextConnection } from './support/fake-connection.ts'
import { docker, startRedis } from '@sse-lab/testkit/stack.ts'
import { until } from '@sse-lab/testkit/wait.ts'

/** A worker replays from its tail, and promises what the log holds: so both must hold the same events. */
let container: Awaited<ReturnType<typeof startRedis>>
const cli = async (...args: string[]) => await docker('exec', container.getId(), 'redis-cli', ...args)

before(async () => {
  container = await startRedis('window-redis')
})
after(async () => {
  await container.stop()
})

/** A worker with these bounds, until it has what was published. */
async function afterPublishing(bounds: { eventsMax: number; bytesMax: number }, texts: string[]) {
  const { commands, listener } = openRedis(
    'redis://window-redis:6379',
    'window',
    1500,
    pino({ level: 'silent' }),
  )
  const { eventsMax, bytesMax } = bounds
  const bus = new StreamsBus({
    commands,
    reader: listener,
    bounds: { logEventsMax: eventsMax, logBytesMax: bytesMax, batchBytesMax: 1000 },
    publishTimeoutMs: 1500,
    log: pino({ level: 'silent' }),
  })
  const hub = new Hub({ log: bus.log, tail: bounds, pieceBytesMax: 1e6 })
  commands.connect().catch(() => undefined)
  await bus.subscribe(hub)
  await until('its commands', 5000, () => commands.status === 'ready')
  let last = ''
  for (const data of texts) last = (await bus.publish({ topic: 'a', data, bytes: frameBytes({ data }) })).id
  await until('the tail to have all', 5000, () => hub.position === last)
  return {
    hub,
    async [Symbol.asyncDispose]() {
      await bus.close()
      commands.disconnect()
    },
  }
}

const text = fc.oneof(
  fc.string({ maxLength: 300 }),
  fc.string({ unit: 'grapheme', maxLength: 100 }),
  fc.constantFrom('', '\n', '\r\n\r\n', '\u2028', '€'.repeat(90), '😀'.repeat(70)),
)
const bounds = fc.record({
  eventsMax: fc.integer({ min: 1, max: 40 }),
  bytesMax: fc.integer({ min: 1024, max: 6000 }),
})

test('the window of a worker is that of the log, whatever the sizes and the bounds', async t => {
  const logs = fc.asyncProperty(
    bounds,
    fc.array(text, { minLength: 1, maxLength: 60 }),
    async (own, texts) => {
      await cli('flushall')
      await using worker = await afterPublishing(own, texts)

      const inLog = [
        ...(await cli('xrange', 'sse-lab:log', '-', '+')).matchAll(/^\d+-\d+(?=\nstart$)/gm),
      ].map(String)
      assert.equal(worker.hub.tail.events, inLog.length)
      assert.ok(inLog.length <= own.eventsMax)
      const [first, ...others] = inLog
      const client = new TextConnection()
      worker.hub.open(['a'], first, ({ gap }) => {
        assert.equal(gap, '', 'the oldest event of the log is a position of the worker')
        return client
      })
      await until('the replay', 5000, () => client.ids.length === others.length)
      assert.deepEqual(client.ids, others)
    },
  )
  const seed = Number(process.env.SEED ?? Date.now())
  t.diagnostic(`SEED=${seed}`)
  await fc.assert(logs, { numRuns: 40, seed, endOnFailure: true })
})
