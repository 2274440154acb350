import assert from 'node:assert/strict'
import { once } from 'node:events'
import { request, type IncomingMessage, type Server } from 'node:http'
import { test, type TestContext } from 'node:test'
import { listen } from '@sse-lab/testkit/listen.ts'
import { roads } from '@sse-lab/testkit/roads.ts'
import { until } from '@sse-lab/testkit/wait.ts'
import { BareResponse, type Listener } from './bare-response.ts'
import { HttpConnection } from './connection.ts'
import { openServer } from './http-server.ts'
import { streamHeaders } from './stream-headers.ts'
import { drain } from './drain.ts'
import type { CloseReason } from '../hub/hub.ts'

type Opened = {
  server: Server
  connection: HttpConnection
  client: IncomingMessage
  reasons: CloseReason[]
}

/** A connection over real HTTP, and its client, which takes this road, and reads nothing until it is told to. */
async function open(
  t: TestContext,
  road: string,
  bounds: { bufferedBytesMax?: number; endsAfterMs?: number } = {},
): Promise<Opened> {
  const reasons: CloseReason[] = []
  let connection: HttpConnection | undefined
  const listener: Listener = (_request, response) => {
    assert.equal(response instanceof BareResponse, road === 'upgrade')
    const { bufferedBytesMax = 100_000, endsAfterMs = Infinity } = bounds
    connection = new HttpConnection(
      response,
      streamHeaders,
      'retry: 1\n',
      { bufferedBytesMax, endsAfterMs, endsWith: { reason: 'stream-age', frame: '' } },
      reason => reasons.push(reason),
    )
  }
  const server = openServer(listener, { leaving: { isStream: () => true, listener } })
  const port = await listen(server)
  const outgoing = request({ port, agent: false, headers: new Map(Object.entries(roads)).get(road) })
  const responded = new Promise<IncomingMessage>((resolve, reject) =>
    outgoing.on('response', resolve).on('error', reject),
  )
  outgoing.end()
  const client = await responded
  client.on('error', () => undefined)
  t.after(() => {
    outgoing.destroy()
    server.closeAllConnections()
    server.close()
  })
  assert.ok(connection)
  return { server, connection, client, reasons }
}

const megabyte = Buffer.alloc(2 ** 20, 'x')

for (const road of Object.keys(roads)) {
  test(`${road}: a client that stops reading is closed at the bound, and nothing more is held for it`, async t => {
    const { connection, reasons } = await open(t, road)

    let taken = 0
    while (connection.write(megabyte) && taken < 100) taken += 1

    // The kernel took some; of what it did not take, at most the bound and one write wait.
    assert.ok(taken < 100, 'it was never closed')
    await until('its close', 2000, () => reasons.length > 0)
    assert.deepEqual(reasons, ['slow-reader'])
    assert.equal(connection.write(megabyte), false)
  })

  test(`${road}: a client that reads gets every byte, however much there is`, async t => {
    const { connection, client } = await open(t, road)
    let received = 0
    client.on('data', (bytes: Buffer) => (received += bytes.length))

    for (let count = 1; count <= 20; count += 1) {
      assert.equal(connection.write(megabyte), true)
      await until('the client to have it', 5000, () => received >= count * megabyte.length)
    }

    assert.equal(received, 20 * megabyte.length + 'retry: 1\n'.length)
  })

  test(`${road}: a stream ends by itself at its age, as HTTP wants it`, async t => {
    const { connection, client, reasons } = await open(t, road, { endsAfterMs: 60_000 })
    client.resume()

    connection.sweep(performance.now() + 59_000)
    assert.deepEqual(reasons, [])
    connection.sweep(performance.now() + 60_000)

    await once(client, 'end')
    assert.equal(client.complete, true)
    await until('its close', 2000, () => reasons.length > 0)
    assert.deepEqual(reasons, ['stream-age'])
  })

  test(`${road}: unsent bytes that make no progress for 30 s close the connection`, async t => {
    const { connection, reasons } = await open(t, road, { bufferedBytesMax: 2 ** 30 })
    for (let count = 0; count < 20; count += 1) connection.write(megabyte)
    await new Promise(setImmediate)
    const start = performance.now()

    connection.sweep(start)
    connection.sweep(start + 29_000)
    assert.deepEqual(reasons, [])
    connection.sweep(start + 31_000)

    await until('its close', 2000, () => reasons.length > 0)
    assert.deepEqual(reasons, ['stalled'])
  })

  test(`${road}: a stream that ended by age is cut if its client never takes the rest`, async t => {
    const { connection, reasons } = await open(t, road, { bufferedBytesMax: 2 ** 30, endsAfterMs: 60_000 })
    for (let count = 0; count < 20; count += 1) connection.write(megabyte)
    await new Promise(setImmediate)
    const start = performance.now()

    for (const seconds of [60, 61, 92]) connection.sweep(start + seconds * 1000)

    await until('its close', 2000, () => reasons.length > 0)
    assert.deepEqual(reasons, ['stream-age'])
  })

  test(`${road}: a quiet stream is not taken for a stalled one`, async t => {
    const { connection, client, reasons } = await open(t, road)
    client.resume()
    connection.write(Buffer.from('data: x\n\n'))
    await until('it to be sent', 2000, () => {
      connection.sweep(performance.now())
      return true
    })

    connection.sweep(performance.now() + 3_600_000)

    assert.deepEqual(reasons, [])
  })

  test(`${road}: a client that leaves is reported once, and later writes do no harm`, async t => {
    const { connection, client, reasons } = await open(t, road)

    client.destroy()
    await until('its close', 2000, () => reasons.length > 0)

    assert.equal(connection.write(megabyte), false)
    connection.end('drain')
    connection.sweep(performance.now())
    assert.deepEqual(reasons, ['peer-left'])
  })

  test(`${road}: a drain ends the streams as HTTP wants it and leaves nothing open`, async t => {
    const { server, connection, client, reasons } = await open(t, road)
    client.resume()

    await Promise.all([
      drain({ servers: [server], connections: [connection], open: () => 1, drainMs: 1000 }),
      once(client, 'end'),
    ])

    assert.equal(client.complete, true)
    assert.deepEqual(reasons, ['drain'])
    assert.equal(server.listening, false)
  })

  test(`${road}: a drain cuts a client that does not read, within its time`, async t => {
    const { server, connection, reasons } = await open(t, road, { bufferedBytesMax: 2 ** 30 })
    for (let count = 0; count < 20; count += 1) connection.write(megabyte)

    await drain({ servers: [server], connections: [connection], open: () => 1, drainMs: 300 })

    await until('its close', 2000, () => reasons.length > 0)
    assert.deepEqual(reasons, ['drain'])
  })
}
