import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { Exchange } from '@sse-lab/conformance/kit/exchange.ts'
import { refusedWith } from '@sse-lab/conformance/kit/problem.ts'
import { call } from '@sse-lab/testkit/publish.ts'
import { answerTo, anyHost, head, long } from './support/raw.ts'
import { stackReady, startNginx } from '@sse-lab/testkit/stack.ts'
import { until } from '@sse-lab/testkit/wait.ts'

before(async () => {
  await stackReady()
})

const toNobody = (text: string) => text.replace(/server server(-broken)?:3000/, 'server nobody:3000')
const few = (text: string) =>
  text
    .replace('worker_connections 20000', 'worker_connections 40')
    .replace('worker_processes auto', 'worker_processes 1')

test('while no server is there, a client is told to come back, whatever it asks with, and nothing else is', async t => {
  const started = await startNginx('nginx-alone', toNobody)
  t.after(async () => void (await started.stop({ timeout: 0 })))
  const base = 'http://nginx-alone'
  const ask = async (line: string, ...more: string[]) =>
    await answerTo(base, head(line, anyHost, 'Connection: close', ...more))

  for (const later of [
    await ask('GET /events HTTP/1.1'),
    await ask('GET /events?topic=a&lastEventID=1-0 HTTP/1.1'),
    await ask('GET /events HTTP/1.0', 'Range: bytes=0-1'),
    await ask('GET http://other/events HTTP/1.1'),
    await ask(`GET /events?${long(20_000)} HTTP/1.1`),
  ]) {
    assert.deepEqual([later.status, later.header('content-type')], [200, 'text/event-stream'])
    assert.match(later.text, /^retry: \d+\n$/)
    assert.equal(later.header('cache-control'), 'no-store, no-transform')
    assert.equal(later.header('x-accel-buffering'), 'no')
  }
  const told: number[] = []
  for (let n = 0; n < 60; n += 1) told.push(Number(/\d+/.exec((await ask('GET /events HTTP/1.1')).text)?.[0]))
  assert.ok(Math.min(...told) >= 3500, `so that nobody asks ten times in half a minute: ${told.join(' ')}`)
  assert.ok(Math.max(...told) <= 10_500 && new Set(told).size >= 4, told.join(' '))
  for (const away of [
    await ask('GET /events HTTP/1.1', 'If-None-Match: *'),
    await ask('GET /events HTTP/1.1', 'If-Match: "a"'),
    await ask('GET /events HTTP/1.1', 'If-Unmodified-Since: Sat, 29 Oct 1994 19:43:31 GMT'),
    await ask('GET /events/ HTTP/1.1'),
    await ask('POST /events HTTP/1.1', 'Content-Length: 0'),
    await ask('GET /healthz HTTP/1.1'),
  ]) {
    refusedWith(away, 503, 'server-away')
    assert.equal(away.header('retry-after'), '1')
  }
})

test('when nginx has no connection left, a client is told to come back, and a publisher which knob it is', async t => {
  const started = await startNginx('nginx-few', few)
  t.after(async () => void (await started.stop({ timeout: 0 })))
  const base = new URL('http://nginx-few')
  const post = async () => await call('POST', `${base.origin}/events`, { withinMs: 2000 })
  await until('nginx to find the server', 10_000, async () => (await post()).status < 500)
  // Requests that never end: each takes one connection, and in the end there is one left, for a caller, and none to a server.
  const held: Exchange[] = []
  t.after(() => held.forEach(({ wire }) => wire.close()))
  const refusedAtLast = await until('nginx to have no connection for the server', 20_000, async () => {
    const answer = await post()
    if (answer.status >= 500) return answer
    const one = new Exchange(base, 5000)
    one.sendText('GET /healthz HTTP/1.1\r\n', 'GET')
    held.push(one)
    return undefined
  })

  assert.equal(refusedAtLast.status, 503, refusedAtLast.body)
  assert.match(String(refusedAtLast.headers['content-type']), /^application\/problem\+json/)
  assert.match(refusedAtLast.body, /"code":"proxy-full".*worker_connections/)
  const later = await until(
    'a client that is answered',
    5000,
    async () => await answerTo(base.origin, head('GET /events HTTP/1.1', anyHost, 'Connection: close')),
  )
  assert.deepEqual([later.status, later.header('content-type')], [200, 'text/event-stream'])
})
