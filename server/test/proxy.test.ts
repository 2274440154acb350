import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import { after, before, test } from 'node:test'
import type { StartedTestContainer } from 'testcontainers'
import { listen } from '@sse-lab/testkit/listen.ts'
import { call, publish } from '@sse-lab/testkit/publish.ts'
import { docker, stackReady, startNginx, startServer, testAlias } from '@sse-lab/testkit/stack.ts'
import { TestStream } from '@sse-lab/testkit/stream.ts'
import { until } from '@sse-lab/testkit/wait.ts'

// The lab's own files with one number changed: the read timeout of 60 s, which broken.conf has by default.
const readTimeoutMs = 2000
const shrunk = (text: string) =>
  text
    .replace('proxy_read_timeout 60s', 'proxy_read_timeout 2s')
    .replace('include broken.conf;', 'proxy_read_timeout 2s;\n    include broken.conf;')

const toOneWorker = (text: string) => text.replace(/server server(-broken)?:3000/, 'server one-worker:3000')

// Another nginx in front, as people write it: a proxy_pass and nothing else. HTTP/1.0 is how nginx before 1.29.7 speaks to its servers.
const plainBeforeOneWorker = (text: string) =>
  text
    .replace(/server server(-broken)?:3000/, 'server nginx-one-worker:80')
    .replace('proxy_ignore_headers X-Accel-Buffering;', 'proxy_http_version 1.0;')

const started: StartedTestContainer[] = []
before(async () => {
  await stackReady()
  started.push(await startNginx('nginx-shrunk', shrunk))
  // One worker and no heartbeat: nothing but the test's own events moves on these streams.
  started.push(await startServer('one-worker', { BUS: 'memory', WORKERS: '1', HEARTBEAT_MS: '0' }))
  started.push(await startNginx('nginx-one-worker', toOneWorker))
  await until(
    'the worker',
    20_000,
    async () => await publish('http://nginx-one-worker', { topic: 'any', data: 0 }),
  )
})
after(async () => {
  await Promise.all(started.map(async container => await container.stop({ timeout: 0 })))
})

test('a quiet stream through broken.conf is cut at the read timeout', async () => {
  const begun = performance.now()
  await using stream = await TestStream.open(`http://nginx-shrunk:8081/events?topic=${randomUUID()}`)
  await stream.greeted()

  const { how } = await stream.ended(readTimeoutMs + 3000)

  const tookMs = performance.now() - begun
  assert.equal(how, 'cut')
  assert.ok(tookMs >= readTimeoutMs, `cut after ${tookMs} ms already`)
  await until('nginx to say why', 5000, async () =>
    /upstream timed out \(110: [^)]*\) while reading upstream/.test(
      await docker('logs', started[0]?.getId() ?? ''),
    ),
  )
})

test('a quiet stream through streaming.conf with heartbeats outlives the read timeout many times', async () => {
  await using stream = await TestStream.open(`http://nginx-shrunk/events?topic=${randomUUID()}`)
  const { heartbeatMs } = await stream.greeted()
  const enough = (5 * readTimeoutMs) / heartbeatMs

  await until(`${enough} heartbeats`, 8 * readTimeoutMs, () => stream.heartbeats >= enough)

  assert.equal(stream.ending, undefined)
  assert.equal(stream.events.length, 0)
})

/** How many streams of the worker have left node:http so far. */
const left = async () => {
  const { body } = await call('GET', 'http://one-worker:3000/metrics')
  return Number(/^sse_connections_upgraded_total\S* (\d+)$/m.exec(body)?.[1])
}

test('a stream through streaming.conf leaves node:http, and no other does', async () => {
  const atFirst = await left()
  await using direct = await TestStream.open('http://one-worker:3000/events')
  await using broken = await TestStream.open('http://nginx-one-worker:8081/events')
  await Promise.all([direct.greeted(), publish('http://nginx-one-worker:8081', { topic: 'any', data: 0 })])
  assert.equal(await left(), atFirst)

  await using streaming = await TestStream.open('http://nginx-one-worker/events')
  await streaming.greeted()

  assert.equal(broken.status, 200)
  assert.equal(await left(), atFirst + 1)
})

test('an event passes streaming.conf at once; through broken.conf its end waits for the next event', async () => {
  const topic = randomUUID()
  await using direct = await TestStream.open(`http://one-worker:3000/events?topic=${topic}`)
  await using streaming = await TestStream.open(`http://nginx-one-worker/events?topic=${topic}`)
  await using broken = await TestStream.open(`http://nginx-one-worker:8081/events?topic=${topic}`)
  for (const stream of [direct, streaming, broken]) await stream.greeted()

  // 6 KiB: more than one of nginx's buffers of 4 KiB, and the rest does not fill the second.
  const large = await publish('http://nginx-one-worker', { topic, data: 'x'.repeat(6 * 1024) })
  await direct.next(event => event.id === large.id, { withinMs: 5000 })
  await streaming.next(event => event.id === large.id, { withinMs: 5000 })
  const arrivedAlone = broken.events.length
  const small = await publish('http://nginx-one-worker', { topic, data: 'push' })
  await broken.next(event => event.id === small.id, { withinMs: 5000 })

  assert.equal(arrivedAlone, 0, 'broken.conf passed the whole event without being pushed')
  assert.deepEqual(
    broken.events.map(event => event.id),
    [large.id, small.id],
  )
})

test('behind a second nginx that nobody configured, hello and each event come at once', async t => {
  started.push(await startNginx('nginx-outer', plainBeforeOneWorker))
  const outer = 'http://nginx-outer:8081'
  await until(
    'the way through both',
    10_000,
    async () => (await call('GET', `${outer}/healthz`)).status === 200,
  )
  const topic = randomUUID()
  const begun = performance.now()
  await using stream = await TestStream.open(`${outer}/events?topic=${topic}`, { withinMs: 5000 })
  await stream.greeted()
  const helloMs = performance.now() - begun

  const large = await publish(outer, { topic, data: 'x'.repeat(6 * 1024) })
  await stream.next(({ id }) => id === large.id, { withinMs: 5000 })
  const small = await publish(outer, { topic, data: 'small' })
  await stream.next(({ id }) => id === small.id, { withinMs: 5000 })

  assert.equal(stream.headers['x-accel-buffering'], undefined, 'the outer one has taken it')
  t.diagnostic(`hello came ${helloMs.toFixed(1)} ms after the request`)
})

test('the lab tells a second proxy not to hold the stream back, not to keep it, and not to change it', async () => {
  await using stream = await TestStream.open(`http://nginx-shrunk/events?topic=${randomUUID()}`)

  assert.equal(stream.headers['x-accel-buffering'], 'no')
  assert.equal(stream.headers['cache-control'], 'no-store, no-transform')
})

test('the server hears that the caller came over TLS, which ended at the first proxy, and through whom', async t => {
  const heard: IncomingHttpHeaders[] = []
  const server = createServer((request, response) => {
    heard.push(request.headers)
    response.end()
  })
  t.after(() => server.close())
  const port = await listen(server)
  const toTest = (text: string) => text.replace(/server server(-broken)?:3000/, `server ${testAlias}:${port}`)
  started.push(await startNginx('nginx-echo', toTest))
  const ask = async (headers: Record<string, string>) => {
    const { status } = await call('GET', 'http://nginx-echo/', { headers })
    return status === 200 ? heard.at(-1) : undefined
  }

  const behind = await until('an answer', 10_000, () =>
    ask({ 'x-forwarded-proto': 'https', 'x-forwarded-for': '192.0.2.7' }),
  )
  const alone = await until('an answer', 10_000, () => ask({ 'x-forwarded-proto': 'gopher' }))

  assert.equal(behind['x-forwarded-proto'], 'https')
  assert.match(String(behind['x-forwarded-for']), /^192\.0\.2\.7, /)
  assert.equal(alone['x-forwarded-proto'], 'http')
})
