import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { after, before, test } from 'node:test'
import { pino } from 'pino'
import { PubsubBus } from '../src/bus/pubsub.ts'
import { openRedis } from '../src/redis.ts'
import { listen } from '@sse-lab/testkit/listen.ts'
import { docker, startRedis } from '@sse-lab/testkit/stack.ts'
import { until } from '@sse-lab/testkit/wait.ts'

/** The pubsub bus against a Redis of its own. */
const host = 'channel-redis'
let container: Awaited<ReturnType<typeof startRedis>>

const cli = async (...args: string[]) =>
  (await docker('exec', container.getId(), 'redis-cli', ...args)).trim()
const send = async (text: string) => await cli('publish', 'sse-lab:events', text)
const envelope = (data: string, more: object = {}) =>
  JSON.stringify({ id: randomUUID(), topic: 'a', data, at: Date.now(), ...more })

before(async () => {
  container = await startRedis(host)
})
after(async () => {
  await container.stop()
})

async function startBus(stack: AsyncDisposableStack, url: string) {
  const seen: string[] = []
  const lines: { msg: string; times?: number }[] = []
  const log = pino({}, { write: (line: string) => lines.push(JSON.parse(line)) })
  const { commands, listener: subscription } = openRedis(url, 'one', 1500, log)
  const bounds = { batchBytesMax: 10_000, waitingBytesMax: 100_000, waitingEventsMax: 1000 }
  const bus = new PubsubBus({ commands, subscription, bounds, log })
  stack.defer(async () => {
    await bus.close()
    commands.disconnect()
  })
  await commands.connect()
  await bus.subscribe({
    deliver: async batch => void seen.push(...batch.map(({ data }) => data)),
    gap: async () => void seen.push('gap'),
  })
  return { bus, seen, lines, commands }
}

/** A way to Redis that can be cut, and then hands over the confirmation of a subscription and the next message in one piece. */
class Joining implements AsyncDisposable {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #joins = false

  constructor() {
    this.#server = createServer(client => this.#pipe(client))
  }

  async listen(): Promise<number> {
    return await listen(this.#server)
  }

  cut(): void {
    this.#joins = true
    for (const socket of this.#sockets) socket.destroy()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
  }

  #pipe(client: Socket): void {
    const redis = connect(6379, host)
    for (const [socket, other] of [
      [client, redis],
      [redis, client],
    ] as const) {
      this.#sockets.add(socket)
      socket
        .on('error', () => undefined)
        .on('close', () => void (this.#sockets.delete(socket), other.destroy()))
    }
    client.on('data', data => redis.write(data))
    let held = ''
    redis.on('data', data => {
      held += data.toString('latin1')
      if (this.#joins && held.includes('subscribe\r\n') && !held.includes('message\r\n')) return
      client.write(Buffer.from(held, 'latin1'))
      held = ''
    })
  }
}

test('an event that comes in one piece with the confirmation of the new subscription does not overtake the gap', async () => {
  await using stack = new AsyncDisposableStack()
  const way = stack.use(new Joining())
  const { bus, seen } = await startBus(stack, `redis://127.0.0.1:${await way.listen()}`)
  await send(envelope('0'))
  await until('the first', 5000, () => seen.length === 1)

  way.cut()
  await until('the end of its link', 5000, () => !bus.ready)
  await until('it to listen again, on a link without an answer yet', 10_000, async () =>
    /\b1$/.test(await cli('pubsub', 'numsub', 'sse-lab:events')),
  )
  await send(envelope('2'))
  await until('the last', 10_000, () => seen.includes('2'))
  await send(envelope('3'))
  await until('what follows', 10_000, () => seen.includes('3'))

  assert.deepEqual(seen, ['0', 'gap', '2', '3'])
})

const forged: Record<string, string> = {
  'no JSON': 'x',
  'no object': '5',
  'a type with a line break': envelope('forged', { type: 'x\nid: 9-9' }),
  'a reserved type': envelope('forged', { type: 'gap' }),
  'a bad topic': envelope('forged', { topic: 'a\nb' }),
  'an id with a line break': envelope('forged', { id: '1\ndata: x' }),
  'data that is no string': envelope('forged', { data: { a: 1 } }),
}

test('what is no event on the channel reaches no stream, and is one line however often it comes', async () => {
  await using stack = new AsyncDisposableStack()
  const { bus, seen, lines, commands } = await startBus(stack, `redis://${host}:6379`)

  for (const text of Object.values(forged)) await send(text)
  for (let n = 0; n < 100; n += 1) await commands.publish('sse-lab:events', 'x')
  await bus.publish({ topic: 'a', type: 'sensor', data: 'ours', bytes: 70 })
  await until('ours', 5000, () => seen.length > 0)

  assert.deepEqual(seen, ['ours'])
  assert.equal(lines.filter(({ msg }) => /ignored/.test(msg)).length, 1)
})
