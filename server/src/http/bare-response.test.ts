import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { test, type TestContext } from 'node:test'
import * as fc from 'fast-check'
import { listen } from '@sse-lab/testkit/listen.ts'
import { roads } from '@sse-lab/testkit/roads.ts'
import { TestStream } from '@sse-lab/testkit/stream.ts'
import { until } from '@sse-lab/testkit/wait.ts'
import { answerTo, head } from '../../test/support/raw.ts'
import { createSse, openServer, Refusal, type Authorize, type SseOptions } from '../sse.ts'
import { createApp, isStreamCall } from './app.ts'
import { onlyOwnCallers } from './guard.ts'

const ignore = () => undefined
const log = { debug: ignore, info: ignore, warn: ignore, error: ignore }
const corsOrigins = ['http://page.example']
const mark = 'Connection: upgrade\r\nUpgrade: sse'

/** The server as worker.ts wires it, without Redis. */
async function start(t: TestContext, options: SseOptions = {}) {
  const sse = createSse({ drainMs: 300, log, corsOrigins, ...options })
  await sse.untilReady()
  const app = createApp({ sse, log, corsOrigins, pageFolder: '/nowhere' })
  const listener = onlyOwnCallers(app, { hosts: ['any'], origins: corsOrigins })
  const server = openServer(listener, { leaving: { isStream: isStreamCall, listener } })
  const plain = openServer(listener)
  const base = `http://127.0.0.1:${await listen(server)}`
  const plainBase = `http://127.0.0.1:${await listen(plain)}`
  t.after(async () => await sse.drain(server, plain))
  const send = async (text: string) => {
    const socket = connect(Number(new URL(base).port), '127.0.0.1').on('error', ignore)
    const got = { text: '', ended: false }
    socket.setEncoding('utf8').on('data', piece => (got.text += String(piece)))
    socket.on('close', () => (got.ended = true))
    await once(socket, 'connect')
    socket.write(text)
    t.after(() => socket.destroy())
    return { socket, got }
  }
  const left = async () =>
    (await sse.metrics.getSingleMetric('sse_connections_upgraded_total')?.get())?.values
  return { sse, server, plain, base, plainBase, send, left }
}

const ends: Authorize = ({ headers }) => {
  switch (headers.authorization) {
    case 'expired':
      throw new Refusal('token-expired', 'The token has expired.')
    case 'many':
      throw new Refusal('too-many', 'Too many.')
    case 'away':
      throw new Error('the store is away')
    case 'ok':
      return {
        subscribe: ['a', 'lobby'],
        publish: ['a'],
        // Each stream ends at once, so that its answer can be compared whole.
        watch: end => {
          end()
          return ignore
        },
      }
    default:
      return undefined
  }
}

// What is usual stands first, and comes three times in four.
const mostly = (usual: string, ...others: string[]) =>
  fc.oneof({ weight: 3 * others.length, arbitrary: fc.constant(usual) }, ...others.map(it => fc.constant(it)))
const method = mostly('GET', 'HEAD', 'POST', 'OPTIONS', 'DELETE', 'get')
const path = mostly(
  '/events?topic=a',
  '/events',
  '/events?topic=b',
  '/events?topic=a%20b',
  '/events?topics=a',
  'http://any/events',
  '*',
  '/x',
  '/events/',
  '/Events',
  '//events',
  '/events%3f',
  '/events/tickets',
  '/healthz',
  '/readyz',
  `/events?topic=${'x'.repeat(300)}`,
  `/events?x=${'x'.repeat(40_000)}`,
)
const version = mostly('HTTP/1.1', 'HTTP/1.0')
const host = mostly('Host: any', 'Host: evil.example', 'X: no host')
const who = mostly('ok', 'expired', 'many', 'away', 'none').map(it => `Authorization: ${it}`)
const field = mostly(
  'X: y',
  'Origin: http://page.example',
  'Origin: http://evil.example',
  'Sec-Fetch-Site: cross-site',
  'Host: b',
  'Last-Event-ID: 1-0',
  'Last-Event-ID: x',
  'Expect: 100-continue',
  'Content-Length: 0',
  'Range: bytes=0-1',
  'Transfer-Encoding: x',
  'If-None-Match: *',
  'Accept-Encoding: gzip',
  `Cookie: ${'x'.repeat(200_000)}`,
)
const upgrade = mostly('sse', 'SSE', 'sse, h2c', 'h2c', 'websocket').map(it => `Upgrade: ${it}`)
const body = mostly(
  '\r\n',
  'Content-Length: 22\r\n\r\n{"topic":"a","data":1}',
  'Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
  'Content-Length: 1x\r\n\r\n',
)
const requestText = fc
  .tuple(method, path, version, host, who, field, field, upgrade, body)
  .map(([verb, target, http, ...lines]) =>
    [`${verb} ${target} ${http}`, 'Connection: close, upgrade', ...lines].join('\r\n'),
  )

/** What a server says to a text, without what differs each time: positions, pids, times. */
async function outcome(to: string, text: string): Promise<unknown> {
  try {
    const { status, headers, text: said, framing } = await answerTo(to, text, text.split(' ', 1)[0])
    const others = headers.filter(([name]) => name !== 'date').map(([name, value]) => `${name}: ${value}`)
    return { status, headers: others.toSorted(), framing, text: said.replaceAll(/\d+/g, 'n') }
  } catch (error) {
    return error instanceof Error ? error.message : error
  }
}

test('who asks to upgrade by himself is answered as by a server that nobody leaves', async t => {
  const { base, plainBase, left } = await start(t, { authorize: ends })

  await fc.assert(
    fc.asyncProperty(requestText, async text => {
      const [here, there] = await Promise.all([base, plainBase].map(async to => await outcome(to, text)))
      assert.deepEqual(here, there)
    }),
    { numRuns: 300, endOnFailure: true },
  )

  assert.ok(Number((await left())?.[0]?.value) > 0, 'no stream has left')
})

const known = ({ headers: { date, ...others }, text }: TestStream) => [
  others,
  Boolean(Date.parse(date ?? '')),
  text.replaceAll(/\d+/g, 'n'),
]

test('an open stream begins and goes on alike on both roads', async t => {
  const { base, sse } = await start(t)
  const headers = { origin: 'http://page.example' }
  const open = async (road: Record<string, string>) =>
    await TestStream.open(`${base}/events?topic=a`, { headers: { ...headers, ...road }, keepText: true })
  await using one = await open(roads['node:http'])
  await using two = await open(roads.upgrade)
  await Promise.all([one.greeted(), two.greeted()])

  const { id } = await sse.publish('a', 'to both')
  for (const stream of [one, two]) await stream.next(event => event.id === id, { withinMs: 2000 })

  assert.deepEqual(known(two), known(one))
})

const stream = head('GET /events HTTP/1.1', 'Host: any', mark)
const behind: [string, string][] = [
  ['another request', head('GET /healthz HTTP/1.1', 'Host: any')],
  ['another stream', stream],
  ['bytes', '\0'],
]
for (const [name, bytes] of behind)
  test(`${name} behind a stream that has left ends the connection, in the same packet or later`, async t => {
    const { sse, send } = await start(t)

    const together = await send(stream + bytes)
    const later = await send(stream)
    await until('hello', 5000, () => later.got.text.includes('event: hello'))
    later.socket.write(bytes)

    await until('both to end', 5000, () => together.got.ended && later.got.ended)
    assert.equal(together.got.text, '')
    assert.equal(later.got.text.match(/HTTP\/1\.1/g)?.length, 1)
    await until('no stream', 5000, () => sse.status.connections === 0)
  })

test('a stream behind a request that waits for its answer does not leave, and both answers stay whole', async t => {
  const waiting: (() => void)[] = []
  const { send, left } = await start(t, {
    authorize: async () => {
      await new Promise<void>(resolve => waiting.push(resolve))
      return undefined
    },
  })
  const slow = head(
    'POST /events HTTP/1.1',
    'Host: any',
    'Content-Type: application/json',
    'Content-Length: 2',
  )

  const { got } = await send(`${slow}{}${stream}`)
  await until('both questions', 5000, () => waiting.length === 2)
  waiting[1]?.()
  const other = await send(head('GET /healthz HTTP/1.1', 'Host: any'))
  await until('a turn for the second answer', 5000, () => other.got.text.includes('alive'))
  assert.equal(got.text, '', 'the second answer came first')
  waiting[0]?.()

  await until('both answers', 5000, () => got.text.match(/HTTP\/1\.1 401/g)?.length === 2)
  assert.match(got.text, /^HTTP\/1\.1 401 [^]*?\r\n\r\n\{[^]*?\}HTTP\/1\.1 401 [^]*?\r\n\r\n\{[^]*\}$/)
  assert.equal((await left())?.[0]?.value, 0)
})

test('a stream behind an answered request leaves, and outlives the time that an idle connection has', async t => {
  const { server, sse, send, left } = await start(t)
  server.keepAliveTimeout = 1
  const { socket, got } = await send(head('GET /healthz HTTP/1.1', 'Host: any'))
  await until('its answer', 5000, () => got.text.includes('alive'))
  socket.write(stream)

  await until('hello', 5000, () => got.text.includes('event: hello'))
  const since = Date.now()
  // keepAliveTimeoutBuffer adds a second.
  await until('its time', 5000, () => Date.now() - since > 1500)

  assert.deepEqual([got.ended, sse.status.connections, (await left())?.[0]?.value], [false, 1, 1])
})

const goodbyes: Record<string, (socket: Socket) => void> = {
  'ends its half': socket => void socket.end(),
  resets: socket => void socket.resetAndDestroy(),
  leaves: socket => void socket.destroy(),
}
for (const [how, leave] of Object.entries(goodbyes))
  test(`a client that ${how} has left, and takes nothing with it`, async t => {
    const { sse, send } = await start(t)
    const other = await send(stream)
    const { socket, got } = await send(stream)
    await until('two streams', 5000, () => sse.status.connections === 2 && got.text.includes('hello'))

    leave(socket)

    await until('one stream', 5000, () => sse.status.connections === 1)
    await until('the end', 5000, () => got.ended)
    assert.equal(other.got.ended, false)
    assert.match(await sse.metrics.metrics(), /sse_connections_closed_total\{reason="peer-left"[^}]*\} 1\n/)
  })

test('a drain cuts who still waits to hear what he may do, and a refused client that keeps its side open', async t => {
  const asked = Promise.withResolvers<void>()
  const { sse, server, plain, send } = await start(t, {
    async authorize({ url }) {
      if (url?.includes('refused')) return undefined
      asked.resolve()
      return await new Promise(ignore)
    },
  })
  const waiting = await send(stream)
  await asked.promise
  const refused = await send(head('GET /events?topic=refused HTTP/1.1', 'Host: any', mark))
  await until('the refusal', 5000, () => refused.got.text.includes('401'))

  await sse.drain(server, plain)

  await until('the end', 5000, () => waiting.got.ended && refused.got.ended)
  assert.equal(server.listening, false)
})

test('without `leaving` nobody leaves, and an application keeps its own upgrades', async t => {
  const sse = createSse({ log, drainMs: 100 })
  await sse.untilReady()
  const server = openServer((request, response) => void sse.stream(request, response))
  t.after(async () => await sse.drain(server))
  const base = `http://127.0.0.1:${await listen(server)}`
  await using plain = await TestStream.open(base, { headers: roads.upgrade })
  await plain.greeted()

  server.on('upgrade', ({ socket }) => {
    socket.write('HTTP/1.1 400 Bad Request\r\n\r\n')
    socket.destroySoon()
  })
  await using theirs = await TestStream.open(base, { headers: roads.upgrade })

  assert.equal(theirs.status, 400)
})
