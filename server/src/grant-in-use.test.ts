import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { Server } from 'node:http'
import { test, type TestContext } from 'node:test'
import { listen } from '@sse-lab/testkit/listen.ts'
import { call, post } from '@sse-lab/testkit/publish.ts'
import { roads } from '@sse-lab/testkit/roads.ts'
import { TestStream } from '@sse-lab/testkit/stream.ts'
import { until } from '@sse-lab/testkit/wait.ts'
import {
  createSse,
  openServer,
  Refusal,
  type Authorize,
  type Request,
  type Response,
  type Sse,
  type SseOptions,
} from './sse.ts'

/** What a grant bounds beside its topics: time, streams, publishes. */

function openBoth(listener: (request: Request, response: Response) => void): Server {
  return openServer(listener, { leaving: { isStream: () => true, listener } })
}

async function serve(
  t: TestContext,
  authorize: Authorize,
  more: SseOptions = {},
): Promise<{ base: string; sse: Sse }> {
  const sse = createSse({ drainMs: 300, authorize, ...more })
  await sse.untilReady()
  const server = openBoth((request, response) => {
    void (request.method === 'POST' ? sse.receive(request, response) : sse.stream(request, response))
  })
  t.after(async () => {
    await sse.drain()
    server.closeAllConnections()
    server.close()
  })
  return { sse, base: `http://127.0.0.1:${await listen(server)}/?topic=a` }
}

const fails = () => assert.fail('the store is away')
const all = { subscribe: ['*'], publish: ['*'] }

for (const [road, mark] of Object.entries(roads)) {
  test(`${road}: a stream whose grant ends is told so, and ends before it`, async t => {
    const expiresAt = Date.now() + 2500
    const { base, sse } = await serve(t, () => ({ ...all, expiresAt }))
    await using stream = await TestStream.open(base, { headers: mark })
    await stream.greeted()

    const last = await stream.next(({ event }) => event === 'token-expired', { withinMs: 5000 })
    await stream.ended(1000)

    assert.ok(Date.now() < expiresAt + 500, 'the stream outlived its grant')
    assert.equal(last.data, '')
    await until('the stream to be gone', 2000, () => sse.status.connections === 0)
    assert.match(
      await sse.metrics.metrics(),
      /sse_connections_closed_total\{reason="token-expired"[^}]*\} 1\n/,
    )
  })

  test(`${road}: a client that comes with a grant that has just ended is sent back with its own id, whatever it asks for`, async t => {
    const { base } = await serve(t, () => {
      throw new Refusal('token-expired', 'The token has expired.')
    })
    for (const query of ['', '&topic=b', '&topic=a b', '&topics=a', '&lastEventID=%0A']) {
      const { status, body } = await call('GET', base + query, { headers: mark })
      assert.deepEqual([status, body], [200, 'retry: 5000\nevent: token-expired\ndata:\n\n'], query)
    }
    const { status, headers } = await post(base, { topic: 'a', data: 1 })
    assert.deepEqual([status, headers['www-authenticate']], [401, 'Bearer error="invalid_token"'])
  })

  test(`${road}: a grant that is withdrawn ends its streams at once, and nobody is told to renew it`, async t => {
    const ends = new Set<() => void>()
    const watch = (end: () => void) => {
      ends.add(end)
      return () => void ends.delete(end)
    }
    const { base } = await serve(t, () => ({ ...all, watch }))
    await using stream = await TestStream.open(base, { headers: mark })
    await using left = await TestStream.open(base, { headers: mark })
    await Promise.all([stream.greeted(), left.greeted()])
    left.close()
    await until('the watch of a stream that left to end', 2000, () => ends.size === 1)

    for (const end of ends) end()

    await stream.ended(1000)
    await until('all watches to have ended', 2000, () => ends.size === 0)
    assert.doesNotMatch(stream.text, /token-expired/)
  })

  test(`${road}: a watch that fails lets nobody in, takes no place, and the process lives`, async t => {
    let watch = fails as () => unknown
    // @ts-expect-error: an application in JavaScript returns what it likes.
    const { base, sse } = await serve(t, () => ({ ...all, subject: 'alice', watch }), {
      subjectStreamsMax: 1,
    })
    for (let i = 0; i < 3; i++) {
      const { status, body } = await call('GET', base, { headers: mark })
      // No hello: it was no stream.
      assert.deepEqual([status, /^retry: \d+\n$/.test(body)], [200, true], body)
    }
    for (const returned of [undefined, 'a text', Promise.resolve()]) {
      watch = () => returned
      const stream = await TestStream.open(base, { headers: mark })
      await stream.greeted()
      stream.close()
      await until('the stream to be gone', 2000, () => sse.status.connections === 0)
    }
    watch = () => fails
    const last = await TestStream.open(base, { headers: mark })
    await last.greeted()
    last.close()
    await until('the stream to be gone', 2000, () => sse.status.connections === 0)
    watch = () => undefined
    await using stream = await TestStream.open(base, { headers: mark })
    await stream.greeted()
  })

  test(`${road}: a grant that is withdrawn while its stream opens ends the stream`, async t => {
    const { base, sse } = await serve(t, () => ({
      ...all,
      watch: end => {
        end()
        return () => undefined
      },
    }))
    await using stream = await TestStream.open(base, { headers: mark })
    await stream.ended(1000)
    await until('the stream to be gone', 2000, () => sse.status.connections === 0)
  })

  test(`${road}: a lookup that found nobody does not let everybody in`, async t => {
    const sse = createSse({ drainMs: 300 })
    await sse.untilReady()
    const server = openBoth((request, response) => {
      const grant = undefined
      void (request.method === 'POST'
        ? sse.receive(request, response, { grant })
        : sse.stream(request, response, { topics: ['a'], grant }))
    })
    t.after(async () => {
      await sse.drain()
      server.closeAllConnections()
      server.close()
    })
    const base = `http://127.0.0.1:${await listen(server)}/?topic=a`

    assert.equal((await call('GET', base, { headers: mark })).status, 401)
    assert.equal((await post(base, { topic: 'a', data: 1 })).status, 401)
  })

  test(`${road}: a client that leaves while it is looked up what it may do leaves nothing behind`, async t => {
    const asked: (() => void)[] = []
    const closed: Promise<unknown>[] = []
    const { base, sse } = await serve(
      t,
      async ({ socket }) => {
        closed.push(once(socket, 'close'))
        await new Promise<void>(resolve => asked.push(resolve))
        return { ...all, subject: 'alice' }
      },
      { subjectStreamsMax: 1 },
    )
    const leaving = TestStream.returning(base, { headers: mark })
    await until('the question', 2000, () => asked.length === 1)
    leaving.close()
    await closed[0]
    const opening = TestStream.open(base, { headers: mark })
    await until('the second question', 2000, () => asked.length === 2)

    for (const answer of asked) answer()

    await using stream = await opening
    await stream.greeted()
    assert.equal(sse.status.connections, 1)
  })

  test(`${road}: one subject takes its own streams and no others`, async t => {
    const { base, sse } = await serve(t, ({ headers }) => ({ ...all, subject: headers.cookie }), {
      subjectStreamsMax: 2,
    })
    const openAs = async (cookie: string) => await TestStream.open(base, { headers: { ...mark, cookie } })
    await using first = await openAs('alice')
    await using second = await openAs('alice')
    await using other = await openAs('bob')
    await Promise.all([first, second, other].map(async stream => await stream.greeted()))

    const refused = await call('GET', base, { headers: { ...mark, cookie: 'alice' } })
    first.close()
    await until('a place to be free', 2000, () => sse.status.connections === 2)
    await using third = await openAs('alice')

    // 429 would end an EventSource for good.
    assert.deepEqual([refused.status, refused.body], [200, 'retry: 30000\n'])
    await third.greeted()
  })
}

test('one subject publishes as much as it may, and the others do not notice', async t => {
  const { base } = await serve(t, ({ headers }) => ({ ...all, subject: headers.cookie }), {
    subjectPublishesPerSecondMax: 5,
  })
  const publishAs = async (cookie: string) => await post(base, { topic: 'a', data: 1 }, { cookie })

  const begun = performance.now()
  const answers = await Promise.all(Array.from({ length: 50 }, async () => await publishAs('alice')))
  const seconds = (performance.now() - begun) / 1000
  const other = await publishAs('bob')

  const refused = answers.filter(({ status }) => status === 429)
  const may = 5 + 5 * seconds + 1
  assert.ok(50 - refused.length <= may, `${50 - refused.length} of 50 were taken within ${seconds} s`)
  assert.deepEqual([refused[0]?.headers['retry-after'], other.status], ['1', 202])
  await until('a publish to be taken again', 5000, async () => (await publishAs('alice')).status === 202)
})
