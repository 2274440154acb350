import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import {
  connect,
  createServer as createHttp2Server,
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type Http2Server,
} from 'node:http2'
import { test, type TestContext } from 'node:test'
import compression from 'compression'
import express from 'express'
import { listen } from '@sse-lab/testkit/listen.ts'
import { call, post, publish } from '@sse-lab/testkit/publish.ts'
import { TestStream } from '@sse-lab/testkit/stream.ts'
import { until } from '@sse-lab/testkit/wait.ts'
import { createSse, Refusal, type Sse, type SseOptions } from './sse.ts'

async function open(t: TestContext, options: SseOptions = {}): Promise<Sse> {
  const sse = createSse({ drainMs: 300, ...options })
  t.after(() => sse.drain())
  await sse.untilReady()
  return sse
}

async function serve(t: TestContext, listener: RequestListener): Promise<string> {
  const server: Server = createServer(listener)
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${await listen(server)}`
}

const codeOf = ({ body }: { body: string }): unknown => JSON.parse(body).code

test('what an application publishes reaches its streams', async t => {
  const sse = await open(t)
  const base = await serve(
    t,
    (request, response) => void sse.stream(request, response, { topics: ['a', 'b'] }),
  )
  await using stream = await TestStream.open(`${base}/any/path?topic=not-this-one`)
  await stream.greeted()

  const { id, topic } = await sse.publish('b', { n: 1 }, { type: 'note' })

  const event = await stream.next(it => it.id === id, { withinMs: 2000 })
  assert.deepEqual([topic, event.event, event.data], ['b', 'note', '{"n":1}'])
})

test('what cannot be published is refused by name', async t => {
  const sse = await open(t)
  const circular: Record<string, unknown> = {}
  circular.self = circular

  await assert.rejects(sse.publish('a b', 1), { name: 'Refusal', code: 'bad-topic', message: /"topic"/ })
  await assert.rejects(sse.publish('a', undefined), { code: 'bad-field', message: /"data" is missing/ })
  for (const data of [circular, 5n, () => 1])
    await assert.rejects(sse.publish('a', data), {
      code: 'bad-field',
      message: /"data" must be a JSON value/,
    })
  await assert.rejects(sse.publish('a', 'x'.repeat(70_000)), { code: 'too-large', message: /eventBytesMax/ })
  await assert.rejects(sse.publish('a', 1, { idempotencyKey: '' }), { code: 'bad-key' })
  await assert.rejects(sse.publish('a', 1, { grant: { publish: ['b'] } }), { code: 'forbidden' })
})

test('streams beyond those that a process opens in a second are told to come back, and counted', async t => {
  const sse = await open(t, { opensPerSecondMax: 2 })
  const base = await serve(t, (request, response) => void sse.stream(request, response))

  // In one turn: at two a second, not all of them find a place.
  const streams = await Promise.all(
    Array.from({ length: 20 }, async () => await TestStream.open(base, { keepText: true })),
  )
  await until('hello or the end of each', 5000, () => streams.every(({ hello, ending }) => hello ?? ending))

  const refused = streams.filter(({ hello }) => hello === undefined)
  assert.ok(refused.length > 0 && refused.length <= 18, `${refused.length} of 20 were refused`)
  for (const { status, text } of refused)
    assert.deepEqual([status, /^retry: \d+\n$/.test(text)], [200, true], text)
  const turnedAway = await sse.metrics.getSingleMetric('sse_connections_turned_away_total')?.get()
  assert.equal(turnedAway?.values[0]?.value, refused.length)
})

test('a large fleet tells its streams a longer time to come back, and its last one to those who find no place', async t => {
  const fleet = { streams: 1_000_000, workers: 10 }
  const sse = await open(t, { fleet: () => fleet, connectionsMax: 1, retryMsMin: 1000, retryMsMax: 1000 })
  const base = await serve(t, (request, response) => void sse.stream(request, response))
  await using one = await TestStream.openGreeted(base)

  const told = [one.retryMs ?? NaN]
  for (let n = 0; n < 20; n += 1)
    told.push(Number(/^retry: (\d+)\n$/.exec((await call('GET', base)).body)?.[1]))

  assert.ok(
    told.every(ms => ms >= 1000 && ms <= 121_000),
    told.join(' '),
  )
  assert.ok(Math.max(...told) > 5000, told.join(' '))
})

test('a topic outside of the grant is 403 as problem details, and opens nothing', async t => {
  const sse = await open(t)
  const grant = { subscribe: ['room/*'], publish: ['room/1'] }
  const base = await serve(t, (request, response) => {
    if (request.method === 'POST') void sse.receive(request, response, { grant })
    else void sse.stream(request, response, { grant })
  })

  const stream = await call('GET', `${base}/?topic=room/1&topic=other`)
  const published = await post(base, { topic: 'room/2', data: 1 })
  const allowed = await post(base, { topic: 'room/1', data: 1 })

  assert.deepEqual([stream.status, codeOf(stream)], [403, 'forbidden'])
  assert.match(String(stream.headers['content-type']), /^application\/problem\+json/)
  assert.doesNotMatch(stream.body, /room/)
  assert.deepEqual([published.status, codeOf(published), allowed.status], [403, 'forbidden', 202])
  assert.equal(sse.status.connections, 0)
})

test('authorize decides who a request is, and nobody becomes anonymous', async t => {
  const sse = await open(t, {
    log: { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined },
    async authorize({ headers }) {
      if (headers.cookie === 'broken') throw new Error('the session store is away')
      if (headers.cookie === 'banned') throw new Refusal('forbidden', 'You are banned.')
      return headers.cookie === 'alice' ? { subscribe: ['a'], publish: ['a'] } : undefined
    },
  })
  const base = await serve(t, (request, response) => {
    void (request.method === 'POST' ? sse.receive(request, response) : sse.stream(request, response))
  })
  const stream = async (cookie: string, topic = 'a') =>
    await call('GET', `${base}/?topic=${topic}`, { headers: { cookie } })

  const [nobody, banned, other] = [await stream('bob'), await stream('banned'), await stream('alice', 'b')]
  const broken = await stream('broken')
  const brokenPost = await post(base, { topic: 'a', data: 1 }, { cookie: 'broken' })
  await using alice = await TestStream.open(`${base}/?topic=a`, { headers: { cookie: 'alice' } })
  await alice.greeted()

  assert.deepEqual([nobody.status, nobody.headers['www-authenticate']], [401, 'Bearer'])
  assert.deepEqual([banned.status, other.status], [403, 403])
  // 401 and 403 end an EventSource for good, and the store will be back.
  assert.deepEqual([broken.status, brokenPost.status], [200, 503])
  assert.match(broken.body, /^retry: \d+\n$/)
})

test('a client that leaves while authorize is at work leaves nothing behind', async t => {
  const asked = Promise.withResolvers<void>()
  const answer = Promise.withResolvers<object>()
  const sse = await open(t, {
    connectionsMax: 1,
    async authorize() {
      asked.resolve()
      return await answer.promise.then(() => ({ subscribe: ['*'] }))
    },
  })
  const gone = Promise.withResolvers<void>()
  const base = await serve(t, (request, response) => {
    response.once('close', gone.resolve)
    void sse.stream(request, response)
  })
  const leaving = TestStream.returning(base)
  await asked.promise
  const second = await call('GET', base)
  leaving.close()
  await gone.promise

  answer.resolve({})
  await using third = await TestStream.openGreeted(base)

  assert.match(second.body, /^retry: /, 'who waits for authorize takes a place')
  assert.ok(third.hello)
  assert.equal(sse.status.connections, 1)
})

test('a grant of the application that is none is a 500 that the log explains, and nothing is let in', async t => {
  const lines: string[] = []
  const note = (_: object, text: string) => void lines.push(text)
  const log = { debug: note, info: note, warn: note, error: note }
  const sse = await open(t, { log, authorize: () => ({ subscribe: ['a b'] }) })
  const base = await serve(t, (request, response) => void sse.stream(request, response))

  const answer = await call('GET', base)

  assert.equal(answer.status, 500)
  assert.ok(lines.includes('call failed'), lines.join())
})

test('before it hears the bus a stream is told to come back, and ready says no', async t => {
  const sse = createSse({
    redis: 'redis://127.0.0.1:1',
    drainMs: 100,
    log: { ...console, warn: () => undefined },
  })
  t.after(() => sse.drain())
  const base = await serve(t, (request, response) => void sse.stream(request, response))

  const answer = await call('GET', base)

  assert.deepEqual([answer.status, sse.ready], [200, false])
  assert.match(answer.body, /^retry: \d+\n$/)
  await assert.rejects(sse.publish('a', 1), { code: 'away' })
})

test('a drain without servers ends the streams, and the server goes on answering', async t => {
  const sse = await open(t)
  const base = await serve(t, (request, response) => void sse.stream(request, response))
  await using stream = await TestStream.open(base)
  await stream.greeted()

  await Promise.all([sse.drain(), sse.drain()])

  assert.equal((await stream.ended(2000)).how, 'end')
  assert.match((await call('GET', base)).body, /^retry: /)
})

test('a HEAD is answered with the headers and opens nothing', async t => {
  const sse = await open(t)
  const base = await serve(t, (request, response) => void sse.stream(request, response))

  const answer = await call('HEAD', base)

  assert.deepEqual([answer.status, answer.headers['content-type']], [200, 'text/event-stream'])
  assert.equal(sse.status.connections, 0)
})

test('behind body parser, session headers, compression and a prefix of Express it works as without', async t => {
  const sse = await open(t)
  const app = express()
  app.use(compression({ threshold: 0, filter: () => true }), express.json())
  app.use((_request, response, next) => {
    response.setHeader('Set-Cookie', 'session=1')
    next()
  })
  const router = express.Router()
  router.get('/stream', (request, response) => void sse.stream(request, response))
  router.post('/events', (request, response) => void sse.receive(request, response))
  app.use('/deep/below', router)
  const base = await serve(t, app)
  await using stream = await TestStream.open(`${base}/deep/below/stream?topic=a`, {
    headers: { 'accept-encoding': 'gzip' },
  })
  await stream.greeted()

  const { id } = await publish(`${base}/deep/below`, { topic: 'a', data: { n: 1 } })

  assert.equal((await stream.next(it => it.id === id, { withinMs: 2000 })).data, '{"n":1}')
  assert.equal(stream.headers['content-encoding'], undefined)
  assert.deepEqual(stream.headers['set-cookie'], ['session=1'])
})

test('a body that somebody else has read is taken as bytes, as text or parsed, and refused like any other', async t => {
  const sse = await open(t)
  const bodies: unknown[] = [
    Buffer.from('{"topic":"a","data":1}'),
    '{"topic":"a","data":1}',
    { topic: 'a', data: 1 },
  ]
  const wrong: unknown[] = [Buffer.from('{"topic'), '', [1], { topic: 'a' }]
  const base = await serve(t, (request, response) => {
    const body = [...bodies, ...wrong][Number(request.headers['x-number'])]
    request.resume().once('end', () => void sse.receive(request, response, { body }))
  })

  const answers = []
  for (let n = 0; n < 7; n += 1) answers.push(await post(base, {}, { 'x-number': String(n) }))

  assert.deepEqual(
    answers.map(({ status }) => status),
    [202, 202, 202, 400, 400, 400, 400],
  )
})

test('a stream that something encodes is cut, and the log says what to do', async t => {
  const lines: string[] = []
  const note = (_: object, text: string) => void lines.push(text)
  const sse = await open(t, { log: { debug: note, info: note, warn: note, error: note } })
  const base = await serve(t, (request, response) => {
    response.setHeader('Content-Encoding', 'gzip')
    void sse.stream(request, response)
  })

  await assert.rejects(call('GET', base))

  assert.ok(
    lines.some(line => line.includes('take compression off')),
    lines.join(),
  )
  await until('no stream', 2000, () => sse.status.connections === 0)
})

test('a framework that answered before is a fault that the log says, and no stream', async t => {
  const lines: string[] = []
  const note = (_: object, text: string) => void lines.push(text)
  const sse = await open(t, { log: { debug: note, info: note, warn: note, error: note } })
  const base = await serve(t, (request, response) => {
    response.write('before')
    void sse.stream(request, response)
  })

  await assert.rejects(call('GET', base))

  assert.ok(lines.includes('call failed'), lines.join())
  assert.equal(sse.status.connections, 0)
})

/** One connection of HTTP/2 to a server that it starts; both end with the test. */
async function openSession(t: TestContext, server: Http2Server): Promise<ClientHttp2Session> {
  const session = connect(`http://127.0.0.1:${await listen(server)}`)
  t.after(() => {
    session.destroy()
    server.close()
  })
  return session
}

test('over HTTP/2 a stream gets events, many to a connection, and leaves nothing behind', async t => {
  const sse = await open(t)
  const server = createHttp2Server((request, response) => {
    if (request.method === 'POST') void sse.receive(request, response)
    else void sse.stream(request, response)
  })
  const session = await openSession(t, server)
  const text = new Map<ClientHttp2Stream, string>()
  const streams = Array.from({ length: 20 }, () => session.request({ ':path': '/?topic=a' }))
  for (const stream of streams) {
    text.set(stream, '')
    stream.setEncoding('utf8').on('data', piece => text.set(stream, text.get(stream) + String(piece)))
  }
  await until('20 streams', 5000, () => sse.status.connections === 20)

  const posted = session.request({ ':method': 'POST', ':path': '/', 'content-type': 'application/json' })
  posted.end('{"topic":"a","data":"over h2"}')
  const [head] = await once(posted, 'response')
  await until('the event on each', 5000, () => [...text.values()].every(it => it.includes('data: over h2\n')))
  for (const stream of streams) stream.close()

  assert.equal(head[':status'], 202)
  await until('all to be gone', 5000, () => sse.status.connections === 0)
})

test('a client of HTTP/2 that reads nothing is dropped at the bound', async t => {
  const sse = await open(t, { bufferedBytesMax: 200_000, eventBytesMax: 50_000 })
  const server = createHttp2Server((request, response) => void sse.stream(request, response))
  const session = await openSession(t, server)
  // Nobody reads: the window of HTTP/2 is full after 64 KiB.
  const stream = session.request({ ':path': '/?topic=a' })
  stream.on('error', () => undefined)
  await until('the stream', 5000, () => sse.status.connections === 1)

  for (let n = 0; n < 20; n += 1) await sse.publish('a', 'x'.repeat(40_000))

  await until('it to be dropped', 5000, () => sse.status.connections === 0)
  assert.match(await sse.metrics.metrics(), /sse_connections_closed_total\{reason="slow-reader"[^}]*\} 1/)
})
