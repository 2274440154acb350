import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { before, test } from 'node:test'
import { call, publish } from '@sse-lab/testkit/publish.ts'
import { long } from './support/raw.ts'
import { container, docker, fixed, stackReady } from '@sse-lab/testkit/stack.ts'
import { TestStream } from '@sse-lab/testkit/stream.ts'

before(async () => {
  await stackReady()
})

test('a stream of 32 topics of 256 characters that are percent-encoded passes nginx, and gets its events', async () => {
  const topics = Array.from({ length: 32 }, (_, n) => `${randomUUID()}${':'.repeat(218)}${n + 10}`)
  const query = topics.map(topic => `topic=${encodeURIComponent(topic)}`).join('&')
  assert.deepEqual([topics[0]?.length, query.length > 21_000], [256, true])
  await using stream = await TestStream.open(`${fixed}/events?${query}`, { withinMs: 5000 })
  assert.equal(stream.status, 200)
  await stream.greeted()

  const sent = await publish(fixed, { topic: topics[31], data: 'to the last' })

  await stream.next(({ id }) => id === sent.id, { withinMs: 5000 })
})

const heavy: [what: string, headers: Record<string, string>][] = [
  ['a cookie of 9,000 bytes', { cookie: `a=${long(9000)}` }],
  ['a cookie of 31,000 bytes', { cookie: `a=${long(31_000)}` }],
  [
    'headers of 113 kB',
    { 'x-1': long(31_000), 'x-2': long(31_000), 'x-3': long(31_000), 'x-4': long(20_000) },
  ],
]
for (const [what, more] of heavy) {
  test(`a client and a publisher with ${what} are served`, async () => {
    const topic = randomUUID()
    await using stream = await TestStream.open(`${fixed}/events?topic=${topic}`, { headers: more })
    assert.equal(stream.status, 200)
    await stream.greeted()

    const sent = await publish(fixed, { topic, data: 1 }, more)

    await stream.next(({ id }) => id === sent.id, { withinMs: 5000 })
  })
}

const written = async () => (await docker('logs', container('nginx'))).match(/temporary file/g)?.length ?? 0

test('a publish of 60,000 bytes writes no file and no line into the log of nginx', async () => {
  const earlier = await written()

  await publish(fixed, { topic: randomUUID(), data: long(60_000) })

  assert.equal(await written(), earlier)
})

for (const path of ['/events', '/api/workers', '/api/lab/workers']) {
  test(`a preflight of ${path} for a long list of headers is answered, and the answer is not as long`, async () => {
    const answer = await call('OPTIONS', `${fixed}${path}`, {
      headers: {
        origin: 'http://localhost:8080',
        'access-control-request-method': 'POST',
        'access-control-request-headers': `content-type, x-${long(6000)}`,
      },
    })

    assert.equal(answer.status, 204, answer.body)
    const allowed = String(answer.headers['access-control-allow-headers'])
    assert.match(allowed, /^\*,/)
    assert.ok(allowed.length < 200, `${allowed.length} characters`)
  })
}

test('a folder of the page with a long query is answered by the server, not by the proxy in its place', async () => {
  const answer = await call('GET', `${fixed}/assets?${long(20_000)}`)

  assert.equal(answer.status, 404, answer.body)
})
