import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { test, type TestContext } from 'node:test'
import { listen } from '@sse-lab/testkit/listen.ts'
import { call, post } from '@sse-lab/testkit/publish.ts'
import { TestStream } from '@sse-lab/testkit/stream.ts'
import { until } from '@sse-lab/testkit/wait.ts'
import { createSse, Refusal, type Authorize, type Sse, type SseOptions } from './sse.ts'

/** What a grant bounds beside its topics: time, streams, publishes. */

async function serve(
  t: TestContext,
  authorize: Authorize,
  more: SseOptions = {},
): Promise<{ base: string; sse: Sse }> {
  const sse = createSse({ drainMs: 300, authorize, ...more })
  await sse.untilReady()
  const server = createServer((request, response) => {
    void (request.method === 'POST' ? sse.receive(request, response) : sse.stream(request, response))
  })
  t.after(async () => {
    await sse.drain()
    server.closeAllConnections()
    server.close()
  })
  return { sse, base: `http://127.0.0.1:${await listen(server)}/?topic=a` }
}

const all = { subscribe: ['*'], publish: ['*'] }

test('a stream whose grant ends is told so, and ends before it', async t => {
  const expiresAt = Date.now() + 2500
  const { base, sse } = await serve(t, () => ({ ...all, expiresAt }))
  await using stream = await TestStream.open(base)
  await stream.greeted()

  const last = await stream.next(({ event }) => event === 'token-expired', { withinMs: 5000 })
  await stream.ended(1000)

  assert.ok(Date.now() < expiresAt + 500, 'the stream outlived its grant')
  assert.equal(last.data, '')
  await until('the stream to be gone', 2000, () => sse.status.connections === 0)
  assert.match(await sse.metrics.metrics(), /sse_connections_closed_total\{reason="token-expired"[^}]*\} 1\n/)
})

test('a client that comes with a grant that has just ended is sent back with its own id, whatever it asks for', async t => {
  const { base } = await serve(t, () => {
    throw new Refusal('token-expired', 'The token has expired.')
  })
  for (const query of ['', '&topic=b', '&topic=a b', '&topics=a', '&lastEventID=%0A']) {
    const { status, body } = await call('GET', base + query)
    assert.deepEqual([status, body], [200, 'retry: 5000\nevent: token-expired\ndata:\n\n'], query)
  }
  const { status, headers } = await post(base, { topic: 'a', data: 1 })
  assert.deepEqual([status, headers['www-authenticate']], [401, 'Bearer error="invalid_token"'])
})

test('a grant that is withdrawn ends its streams at once, and nobody is told to renew it', async t => {
  const ends = new Set<() => void>()
  const watch = (end: () => void) => {
    ends.add(end)
    return () => void ends.delete(end)
  }
  const { base } = await serve(t, () => ({ ...all, watch }))
  await using stream = await TestStream.open(base)
  await using left = await TestStream.open(base)
  await Promise.all([stream.greeted(), left.greeted()])
  left.close()
  await until('the watch of a stream that left to end', 2000, () => ends.size === 1)

  for (const end of ends) end()

  await stream.ended(1000)
  await until('all watches to have ended', 2000, () => ends.size === 0)
  assert.doesNotMatch(stream.text, /token-expired/)
})

test('one subject takes its own streams and no others', async t => {
  const { base, sse } = await serve(t, ({ headers }) => ({ ...all, subject: headers.cookie }), {
    subjectStreamsMax: 2,
  })
  const openAs = async (cookie: string) => await TestStream.open(base, { headers: { cookie } })
  await using first = await openAs('alice')
  await using second = await openAs('alice')
  await using other = await openAs('bob')
  await Promise.all([first, second, other].map(async stream => await stream.greeted()))

  const refused = await call('GET', base, { headers: { cookie: 'alice' } })
  first.close()
  await until('a place to be free', 2000, () => sse.status.connections === 2)
  await using third = await openAs('alice')

  // 429 would end an EventSource for good.
  assert.deepEqual([refused.status, refused.body], [200, 'retry: 30000\n'])
  await third.greeted()
})

test('one subject publishes as much as it may, and the others do not notice', async t => {
  const { base } = await serve(t, ({ headers }) => ({ ...all, subject: headers.cookie }), {
    subjectPublishesPerSecondMax: 5,
  })
  const publishAs = async (cookie: string) => await post(base, { topic: 'a', data: 1 }, { cookie })

  const answers = await Promise.all(Array.from({ length: 50 }, async () => await publishAs('alice')))
  const other = await publishAs('bob')

  const refused = answers.filter(({ status }) => status === 429)
  assert.ok(refused.length >= 40, `${refused.length} of 50 were refused`)
  assert.deepEqual([refused[0]?.headers['retry-after'], other.status], ['1', 202])
  await until('a publish to be taken again', 5000, async () => (await publishAs('alice')).status === 202)
})
