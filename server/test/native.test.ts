import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer as createHttps } from 'node:https'
import { connect, type Socket } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { test, type TestContext } from 'node:test'
import { connect as connectTls } from 'node:tls'
import { makeCertificate } from '@sse-lab/testkit/certificate.ts'
import { listen } from '@sse-lab/testkit/listen.ts'
import { roads } from '@sse-lab/testkit/roads.ts'
import { until } from '@sse-lab/testkit/wait.ts'
import { openWriteAll } from '../src/http/send-all.ts'
import { createSse, openServer, type Request, type Response, type Sse, type SseOptions } from '../src/sse.ts'

/** The native part as the image has it: server/native. */
const ignore = () => undefined
const quiet = { debug: ignore, info: ignore, warn: ignore, error: ignore }

async function start(t: TestContext, options: SseOptions = {}) {
  const sse = createSse({ native: true, drainMs: 300, heartbeatMs: 0, log: quiet, ...options })
  await sse.untilReady()
  const listener = (request: Request, response: Response) => void sse.stream(request, response)
  const server = openServer(listener, { leaving: { isStream: () => true, listener } })
  const port = await listen(server)
  t.after(async () => await sse.drain(server))
  return { sse, server, port }
}

async function nativeWrites(sse: Sse): Promise<number> {
  const { values = [] } = (await sse.metrics.getSingleMetric('sse_native_writes_total')?.get()) ?? {}
  return values[0]?.value ?? 0
}

/** A client that keeps the text that it got. It reads once it is told to. */
class Client {
  text = ''
  /** Whole events. */
  received = 0
  isClosed = false
  readonly socket: Socket
  #tail = ''

  constructor(socket: Socket) {
    this.socket = socket
    socket.setEncoding('utf8').on('error', ignore)
    socket.on('data', piece => this.#take(String(piece))).on('close', () => (this.isClosed = true))
  }

  // Counts as it reads: to look for them in twelve megabytes each time would take longer than all else.
  #take(piece: string): void {
    this.text += piece
    // The first six letters of an event may have come with the piece before.
    const text = this.#tail + piece
    this.received += text.match(/^data: \d/gm)?.length ?? 0
    this.#tail = text.slice(-6)
  }

  /** Opens a stream of this topic, and waits for its hello. */
  async open(topic: string, headers: Record<string, string> = {}, version = '1.1'): Promise<this> {
    const lines = Object.entries({ Host: 'any', ...headers }).map(([name, value]) => `${name}: ${value}`)
    this.socket.write(`GET /events?topic=${topic} HTTP/${version}\r\n${lines.join('\r\n')}\r\n\r\n`)
    await until('hello', 5000, () => this.text.includes('event: hello'))
    return this
  }

  /** What the events carry, one after the other. The chunks' own lines never begin so. */
  get data(): string[] {
    return [...this.text.matchAll(/^data: (.*)\n/gm)]
      .map(([, data = '']) => data)
      .filter(data => !data.startsWith('{'))
  }
}

for (const [road, headers] of Object.entries(roads)) {
  test(`every stream has every event once and in order by the native road, also one that does not read: ${road}`, async t => {
    const { sse, port } = await start(t, { bufferedBytesMax: 2 ** 26, eventBytesMax: 2 ** 18 })
    const clients = await Promise.all(
      Array.from({ length: 40 }, async () => await new Client(connect(port, '127.0.0.1')).open('a', headers)),
    )
    const [sleeper, ...others] = clients
    sleeper?.socket.pause()
    const events = Array.from({ length: 120 }, (_, n) => `${n} ${'x'.repeat(100_000)}`)

    for (const [n, event] of events.entries()) {
      await sse.publish('a', event)
      await until('the others', 20_000, () => others.every(({ received }) => received > n))
    }
    sleeper?.socket.resume()
    await until('the sleeper', 20_000, () => sleeper?.received === 120)

    for (const { data } of clients) assert.deepEqual(data, events)
    // All but what the sleeper's buffer had no room for. One write to the others may have met a full one, too.
    const writes = await nativeWrites(sse)
    assert.ok(writes > 38 * 120 && writes < 40 * 120, `${writes} of ${40 * 120}`)
  })
}

test('clients that come and go all the time hear their own topic alone, whoever had their number before', async t => {
  const { sse, port, server } = await start(t)
  // The server's side closes some, so that their numbers are free while this turn still runs.
  const sockets = new Set<Socket>()
  server.on('connection', socket => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  const foreign: string[] = []
  let opened = 0
  const churn = async (name: string) => {
    for (let n = 0; n < 60; n += 1) {
      const client = new Client(connect(port, '127.0.0.1'))
      client.socket.write(
        `GET /events?topic=${name} HTTP/1.1\r\nHost: any\r\n${n % 2 ? 'Upgrade: sse\r\nConnection: upgrade\r\n' : ''}\r\n`,
      )
      await until('some events', 5000, () => client.data.length > 3 || client.isClosed)
      if (n % 3 === 0) client.socket.resetAndDestroy()
      else client.socket.destroy()
      foreign.push(...client.data.filter(data => data !== name))
      opened += client.data.length > 3 ? 1 : 0
    }
  }
  const names = Array.from({ length: 30 }, (_, n) => `t${n}`)
  const over = new AbortController()
  const publishing = (async () => {
    for (let n = 0; !over.signal.aborted; n += 1) {
      // In one turn: one socket is closed, and events for all go out.
      const [victim] = sockets
      if (n % 20 === 0) victim?.destroy()
      await Promise.all(names.map(async name => await sse.publish(name, name)))
      await nextTurn()
    }
  })()

  await Promise.all(names.map(churn))
  over.abort()
  await publishing

  assert.deepEqual(foreign, [])
  assert.ok(opened > 500, `${opened} streams`)
  assert.ok((await nativeWrites(sse)) > 1000)
})

test('a client that does not read is dropped at its bound', async t => {
  const { sse, port } = await start(t, { bufferedBytesMax: 2 ** 20 })
  const client = await new Client(connect(port, '127.0.0.1')).open('a')
  client.socket.pause()

  for (let n = 0; n < 400; n += 1) await sse.publish('a', 'x'.repeat(60_000))

  const closed = async () =>
    (await sse.metrics.getSingleMetric('sse_connections_closed_total')?.get())?.values
  await until('its end', 5000, async () =>
    (await closed())?.some(({ labels, value }) => labels.reason === 'slow-reader' && value === 1),
  )
})

test('HTTP/1.0 and TLS are written by Node: they have no chunks, or no clear text on their socket', async t => {
  const { sse, port } = await start(t)
  const files = await makeCertificate()
  const listener = (request: Request, response: Response) => void sse.stream(request, response)
  const secure = createHttps(
    { cert: files['/lab/tls/certificate.pem'], key: files['/lab/tls/key.pem'] },
    listener,
  )
  const securePort = await listen(secure)
  t.after(() => {
    secure.closeAllConnections()
    secure.close()
  })
  const old = await new Client(connect(port, '127.0.0.1')).open('a', {}, '1.0')
  const tls = connectTls({ port: securePort, host: '127.0.0.1', rejectUnauthorized: false })
  await once(tls, 'secureConnect')
  const safe = await new Client(tls).open('a')

  for (const event of ['one', 'two']) await sse.publish('a', event)

  for (const client of [old, safe]) await until('both', 5000, () => client.data.join() === 'one,two')
  assert.equal(await nativeWrites(sse), 0)
})

test('where the native part is missing, or is none, it is said once, and Node writes', () => {
  const warned: string[] = []
  const log = { ...quiet, warn: (_facts: object, text?: string) => void warned.push(text ?? '') }
  for (const file of ['../native/absent.node', '../native/send-all.c']) {
    assert.equal(openWriteAll(log, new URL(file, import.meta.url)), undefined)
  }
  assert.equal(warned.length, 2)
  for (const text of warned) assert.match(text, /native part cannot be loaded.*README/)
})
