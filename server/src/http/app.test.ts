import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { after, before, test } from 'node:test'
import { pino } from 'pino'
import { testApi } from '../../test/support/api-calls.ts'
import { testCorners } from '../../test/support/api-corners.ts'
import { listen } from '@sse-lab/testkit/listen.ts'
import { call, post } from '@sse-lab/testkit/publish.ts'
import { TestStream } from '@sse-lab/testkit/stream.ts'
import { until } from '@sse-lab/testkit/wait.ts'
import { createApp } from './app.ts'
import { operatorCalls } from './operators.ts'
import { BusAway } from '../bus/errors.ts'
import { MemoryBus } from '../bus/memory.ts'
import { openServer } from './http-server.ts'
import { Workers } from '../cluster/workers.ts'
import { readOptions, type SseOptions } from '../options.ts'
import { Sse } from '../sse-process.ts'

const name = { worker: 'test/0', instance: 0, pid: 1, host: 'test', server: '000000' }
const log = pino({ level: 'silent' })
const bounds = { batchBytesMax: 2 ** 19, waitingBytesMax: 2 ** 24, waitingEventsMax: 10_000 }
const corsOrigins = ['http://localhost:8080', 'http://localhost:8081']

/** A whole worker in this process, as worker.ts wires it, with the memory bus. */
async function startWorker(options: SseOptions = {}, bus = new MemoryBus(bounds)) {
  const settings = readOptions({ name: name.worker, drainMs: 500, corsOrigins, ...options })
  const sse = new Sse({ settings, log, redis: undefined, bus })
  const workers = new Workers({
    commands: undefined,
    status: () => ({ ...name, ...sse.status, eventLoopDelayMs: 0, rssBytes: 1 }),
    metrics: () => sse.metrics.getMetricsAsJSON(),
    log,
  })
  await sse.untilReady()
  const server = openServer(
    createApp({
      sse,
      log,
      corsOrigins,
      pageFolder: '/nowhere',
      operators: operatorCalls({ workers, corsOrigins }),
    }),
  )
  const port = await listen(server)
  const count = async (metric: string) => {
    const values = (await sse.metrics.getSingleMetric(metric)?.get())?.values ?? []
    return values.reduce((sum, { value, labels }) => (labels.reason === 'drain' ? sum : sum + value), 0)
  }
  return {
    base: `http://127.0.0.1:${port}`,
    sse,
    server,
    count,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await sse.drain()
    },
  }
}

let shared: Awaited<ReturnType<typeof startWorker>>
before(async () => {
  shared = await startWorker()
})
after(async () => {
  await shared[Symbol.asyncDispose]()
})

testApi(() => shared.base)
testCorners(() => shared.base)

test('500 streams opened and closed leave no connection, topic or listener behind', async () => {
  await using worker = await startWorker()
  const listeners = () => [
    process.eventNames().map(event => process.listenerCount(event)),
    worker.server.eventNames().map(event => worker.server.listenerCount(event)),
  ]
  const listenersBefore = listeners()

  const streams = await Promise.all(
    Array.from({ length: 500 }, (_, n) => TestStream.open(`${worker.base}/events?topic=t${n}`)),
  )
  assert.deepEqual([worker.sse.status.connections, await worker.count('sse_topics')], [500, 500])
  for (const stream of streams) stream.close()
  await until('all to be gone', 5000, () => worker.sse.status.connections === 0)

  assert.deepEqual(
    [
      await worker.count('sse_topics'),
      await worker.count('sse_connections_opened_total'),
      await worker.count('sse_connections_closed_total'),
    ],
    [0, 500, 500],
  )
  assert.deepEqual(listeners(), listenersBefore)
})

test('a full worker answers 200 with a retry time and ends, so that an EventSource comes back', async () => {
  await using worker = await startWorker({ connectionsMax: 1 })
  await using first = await TestStream.open(`${worker.base}/events`)
  await first.greeted()

  const second = await call('GET', `${worker.base}/events`)

  assert.deepEqual([second.status, second.headers['content-type']], [200, 'text/event-stream'])
  assert.match(second.body, /^retry: \d+\n$/)
  assert.equal(await worker.count('sse_connections_turned_away_total'), 1)
})

test('a draining worker is not ready, sends clients elsewhere and keeps no connection alive', async () => {
  await using worker = await startWorker()
  // The port stays open meanwhile, as pm2 keeps it.
  void worker.sse.drain()

  const [ready, stream, publish] = [
    await call('GET', `${worker.base}/readyz`),
    await call('GET', `${worker.base}/events`),
    await post(worker.base, { topic: 'a', data: 1 }),
  ]

  assert.deepEqual([ready.status, stream.status, publish.status], [503, 200, 202])
  assert.match(stream.body, /^retry: \d+\n$/)
  assert.deepEqual(
    [ready, stream, publish].map(answer => answer.headers.connection),
    ['close', 'close', 'close'],
  )
})

test('a bus that is away is a 503 that says what it means, and is counted', async () => {
  class AwayBus extends MemoryBus {
    override async publish(): Promise<never> {
      throw new BusAway('away')
    }
  }
  await using worker = await startWorker({}, new AwayBus(bounds))

  const answer = await post(worker.base, { topic: 'a', data: 1 })

  assert.equal(answer.status, 503)
  assert.match(answer.body, /not acknowledged/)
  assert.equal(answer.headers['retry-after'], '1')
  assert.equal(await worker.count('sse_publish_failures_total'), 1)
})

test('without Redis a worker lists itself and says that this is partial', async () => {
  const answer = await call('GET', `${shared.base}/api/workers`)

  const list: unknown = JSON.parse(answer.body)
  assert.ok(typeof list === 'object' && list !== null && 'partial' in list && 'workers' in list)
  assert.equal(list.partial, true)
  assert.ok(Array.isArray(list.workers) && list.workers.length === 1)
})

test('/metrics is Prometheus text with the worker as a label', async () => {
  const answer = await call('GET', `${shared.base}/metrics`)

  assert.match(String(answer.headers['content-type']), /^text\/plain; version=0\.0\.4/)
  assert.match(answer.body, /^sse_connections\{worker="test\/0"\} \d+$/m)
  assert.match(answer.body, /^sse_connections_closed_total\{reason="slow-reader",worker="test\/0"\} 0$/m)
})

test('an HTTP/1.0 client gets the stream without chunks', async () => {
  const socket = connect(Number(new URL(shared.base).port), '127.0.0.1')
  let text = ''
  socket.setEncoding('utf8').on('data', chunk => (text += String(chunk)))
  socket.write('GET /events?topic=old HTTP/1.0\r\n\r\n')

  await until('hello', 5000, () => text.includes('event: hello'))
  await post(shared.base, { topic: 'old', data: 'x' })
  await until('the event', 5000, () => text.endsWith('data: x\n\n'))

  socket.destroy()
  assert.doesNotMatch(text, /transfer-encoding/i)
  assert.match(text, /\r\n\r\nretry: \d+\nevent: hello\n/)
})

test('a client that sent a body with its request for a stream is missed when it leaves', async () => {
  await using worker = await startWorker()
  const bodies = [
    `Content-Length: 70000\r\n\r\n${'x'.repeat(70_000)}`,
    `Transfer-Encoding: chunked\r\n\r\n${`4000\r\n${'x'.repeat(0x4000)}\r\n`.repeat(5)}`,
  ]
  const sockets = bodies.map(body => {
    const socket = connect(Number(new URL(worker.base).port), '127.0.0.1')
    socket.write(`GET /events HTTP/1.1\r\nHost: x\r\n${body}`)
    return socket
  })
  await until('the streams', 5000, () => worker.sse.status.connections === 2)

  for (const socket of sockets) socket.destroy()

  await until('both to be gone', 5000, () => worker.sse.status.connections === 0)
})

test('a stream behind a call that is not answered yet is told to come later', async () => {
  await using worker = await startWorker()
  const socket = connect(Number(new URL(worker.base).port), '127.0.0.1')
  let text = ''
  socket.setEncoding('utf8').on('data', chunk => (text += String(chunk)))
  const body = '{"topic":"a","data":1}'

  socket.write(
    `POST /events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}` +
      'GET /events HTTP/1.1\r\nHost: x\r\n\r\n',
  )
  await until('both answers', 5000, () => text.includes('retry:'))

  socket.destroy()
  assert.deepEqual(text.match(/HTTP\/1\.1 \d+/g), ['HTTP/1.1 202', 'HTTP/1.1 200'])
  assert.equal(worker.sse.status.connections, 0)
})
