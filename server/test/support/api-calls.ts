import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from 'zod'
import { call, post, publish } from '@sse-lab/testkit/publish.ts'
import { TestStream } from '@sse-lab/testkit/stream.ts'

const problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number(),
  code: z.string(),
  detail: z.string(),
})

const json = { 'content-type': 'application/json' }

/** A wrong call, and the answer it gets: status, code, and a word that names the field or the fix. */
type WrongCall = {
  name: string
  method: string
  path: string
  headers?: object
  body?: string
  status: number
  says: RegExp
}

const event = (body: unknown) => ({
  method: 'POST',
  path: '/events',
  headers: json,
  body: JSON.stringify(body),
})

const wrongCalls: WrongCall[] = [
  { name: 'a body that is not JSON', ...event(0), body: '{"topic', status: 400, says: /not JSON/ },
  { name: 'a body that is no object', ...event([1]), status: 400, says: /JSON object/ },
  { name: 'an empty body', ...event(0), body: '', status: 400, says: /"topic"/ },
  { name: 'no topic', ...event({ data: 1 }), status: 400, says: /"topic"/ },
  { name: 'a bad topic', ...event({ topic: 'a b', data: 1 }), status: 400, says: /"topic".*1 to 256/ },
  {
    name: 'a topic that is too long',
    ...event({ topic: 'x'.repeat(257), data: 1 }),
    status: 400,
    says: /"topic"/,
  },
  { name: 'no data', ...event({ topic: 'a' }), status: 400, says: /"data"/ },
  {
    name: 'an unknown field',
    ...event({ topic: 'a', data: 1, id: '7' }),
    status: 400,
    says: /unknown field "id"/,
  },
  {
    name: 'a type of two lines',
    ...event({ topic: 'a', data: 1, type: 'a\nid: 9' }),
    status: 400,
    says: /"type".*one line/,
  },
  { name: 'a type with CR', ...event({ topic: 'a', data: 1, type: 'a\rb' }), status: 400, says: /"type"/ },
  { name: 'an empty type', ...event({ topic: 'a', data: 1, type: '' }), status: 400, says: /"type"/ },
  {
    name: 'a type that is no string',
    ...event({ topic: 'a', data: 1, type: 5 }),
    status: 400,
    says: /"type"/,
  },
  ...['hello', 'gap', 'heartbeat', 'open', 'error'].map(type => {
    return {
      name: `the reserved type ${type}`,
      ...event({ topic: 'a', data: 1, type }),
      status: 400,
      says: /"type"/,
    }
  }),
  {
    name: 'an event that is too large',
    ...event({ topic: 'a', data: 'x'.repeat(70_000) }),
    status: 413,
    says: /EVENT_BYTES_MAX/,
  },
  // 20,000 bytes of body, 140,000 on the wire: each line gets its own "data: ".
  {
    name: 'line breaks that make it too large',
    ...event({ topic: 'a', data: '\n'.repeat(20_000) }),
    status: 413,
    says: /on the wire/,
  },
  {
    name: 'a body that is not declared JSON',
    method: 'POST',
    path: '/events',
    body: '{"topic":"a","data":1}',
    status: 415,
    says: /application\/json/,
  },
  {
    name: 'JSON declared as text',
    ...event({ topic: 'a', data: 1 }),
    headers: { 'content-type': 'text/plain' },
    status: 415,
    says: /application\/json/,
  },
  {
    name: 'JSON in a charset other than UTF-8',
    ...event(1),
    headers: { 'content-type': 'application/json; charset=latin1' },
    status: 415,
    says: /UTF-8/,
  },
  {
    name: 'data that is nested too deeply',
    ...event(0),
    body: `{"topic":"a","data":${'['.repeat(30_000)}${']'.repeat(30_000)}}`,
    status: 400,
    says: /nested too deeply/,
  },
  {
    name: 'a body over 1 MiB',
    ...event({ topic: 'a', data: 'x'.repeat(2 ** 20) }),
    status: 413,
    says: /EVENT_BYTES_MAX/,
  },
  { name: 'a path with a slash too many', method: 'GET', path: '/events/', status: 404, says: /\/events/ },
  { name: 'PUT /events', method: 'PUT', path: '/events', status: 405, says: /GET, HEAD, POST/ },
  { name: 'DELETE /events', method: 'DELETE', path: '/events', status: 405, says: /GET, HEAD, POST/ },
  { name: 'POST /api/workers', method: 'POST', path: '/api/workers', status: 405, says: /GET, HEAD/ },
  { name: 'POST /healthz', method: 'POST', path: '/healthz', status: 405, says: /GET, HEAD/ },
  { name: 'POST /readyz', method: 'POST', path: '/readyz', status: 405, says: /GET, HEAD/ },
  { name: 'POST /metrics', method: 'POST', path: '/metrics', status: 405, says: /GET, HEAD/ },
  {
    name: 'a stream of a bad topic',
    method: 'GET',
    path: '/events?topic=a%20b',
    status: 400,
    says: /"topic"/,
  },
  { name: 'a stream of an empty topic', method: 'GET', path: '/events?topic=', status: 400, says: /"topic"/ },
  {
    name: 'a stream of 33 topics',
    method: 'GET',
    path: `/events?${Array.from({ length: 33 }, (_, n) => `topic=t${n}`).join('&')}`,
    status: 400,
    says: /at most 32/,
  },
  { name: 'a path that is not there', method: 'GET', path: '/event', status: 404, says: /\/events/ },
]

/** Registers the tests of the API table, for any address where the API answers. */
export function testApi(base: () => string): void {
  for (const { name, method, path, headers, body, status, says } of wrongCalls) {
    test(`${name} gets ${status} and problem details that say what to do`, async () => {
      const answer = await call(method, base() + path, {
        headers: { ...headers },
        ...(body === undefined ? {} : { body }),
      })

      assert.equal(answer.status, status, answer.body)
      assert.match(String(answer.headers['content-type']), /^application\/problem\+json/)
      const { detail, status: inBody } = problem.parse(JSON.parse(answer.body))
      assert.match(detail, says)
      assert.equal(inBody, status)
      if (status === 405) assert.match(String(answer.headers.allow), /GET/)
    })
  }

  test('a stream says hello at once, in one block, with the headers that keep proxies from holding it', async () => {
    await using stream = await TestStream.open(`${base()}/events?topic=api-hello`, { keepText: true })

    const hello = await stream.greeted()

    assert.equal(stream.status, 200)
    assert.equal(stream.headers['content-type'], 'text/event-stream')
    assert.equal(stream.headers['cache-control'], 'no-store, no-transform')
    // Only a bus with a log has positions.
    const position = hello.bus === 'streams' ? 'id: \\d+-\\d+\\n' : ''
    assert.match(
      stream.text,
      new RegExp(`^retry: \\d+\\n${position}event: hello\\ndata: \\{[^\\n]*\\}\\n\\n`),
    )
    assert.ok(
      stream.retryMs !== undefined && stream.retryMs >= 1000 && stream.retryMs <= 5000,
      String(stream.retryMs),
    )
    assert.match(hello.worker, new RegExp(`/${hello.instance}$`))
  })

  test('without a topic it is the stream of lobby', async () => {
    await using stream = await TestStream.open(`${base()}/events`)
    await stream.greeted()

    const { id } = await publish(base(), { topic: 'lobby', data: 'x' })

    assert.equal((await stream.next(it => it.id === id, { withinMs: 5000 })).data, 'x')
  })

  test('a stream of two topics gets both and no third', async () => {
    await using stream = await TestStream.open(`${base()}/events?topic=api-b&topic=api-a&topic=api-b`)
    await stream.greeted()

    for (const topic of ['api-a', 'api-c', 'api-b']) await publish(base(), { topic, data: topic })
    await stream.next(it => it.data === 'api-b', { withinMs: 5000 })

    assert.deepEqual(
      stream.events.map(it => it.data),
      ['api-a', 'api-b'],
    )
  })

  for (const data of ['text', '', 5, null, false, [1, 'a'], { nested: { deep: '\n' } }, '😀 \u2028', 'a"b']) {
    test(`data ${JSON.stringify(data)} arrives as ${typeof data === 'string' ? 'it is' : 'JSON'}`, async () => {
      await using stream = await TestStream.open(`${base()}/events?topic=api-data`)
      await stream.greeted()

      const { id } = await publish(base(), { topic: 'api-data', type: 'thing', data })

      const got = await stream.next(it => it.id === id, { withinMs: 5000 })
      assert.equal(got.event, 'thing')
      assert.equal(got.data, typeof data === 'string' ? data : JSON.stringify(data))
    })
  }

  test('line breaks in data cannot forge a field or an event', async () => {
    await using stream = await TestStream.open(`${base()}/events?topic=api-forge`)
    await stream.greeted()
    const retryMs = stream.retryMs
    const forged = 'a\rid: 9\revent: forged\r\nretry: 1\n\ndata: alone\n\n'

    const { id } = await publish(base(), { topic: 'api-forge', data: forged })
    const last = await publish(base(), { topic: 'api-forge', data: 'last' })
    await stream.next(it => it.id === last.id, { withinMs: 5000 })

    assert.deepEqual(
      stream.events.map(it => [it.id, it.event, it.data]),
      [
        [id, undefined, forged.replaceAll(/\r\n?/g, '\n')],
        [last.id, undefined, 'last'],
      ],
    )
    assert.equal(stream.retryMs, retryMs)
  })

  test('HEAD /events is answered and ended, and opens no stream', async () => {
    const answer = await call('HEAD', `${base()}/events`)

    assert.deepEqual(
      [answer.status, answer.headers['content-type'], answer.body],
      [200, 'text/event-stream', ''],
    )
  })

  for (const how of ['header', 'query'] as const) {
    test(`who comes back with an id in the ${how} that is no position is told of a gap, and the id is not echoed`, async () => {
      const id = 'x"y<z>'
      const query = how === 'query' ? `&lastEventID=${encodeURIComponent(id)}` : ''
      const headers: Record<string, string> = how === 'header' ? { 'last-event-id': id } : {}
      await using stream = await TestStream.open(`${base()}/events?topic=api-gap${query}`, {
        headers,
        keepText: true,
      })

      const { bus } = await stream.greeted()
      const { id: live } = await publish(base(), { topic: 'api-gap', data: 1 })
      await stream.next(it => it.id === live, { withinMs: 5000 })

      assert.equal(stream.gaps.length, 1)
      assert.match(
        stream.gaps[0]?.data ?? '',
        bus === 'streams' ? /^{"oldest":"\d+-\d+"}$/ : /^{"oldest":null}$/,
      )
      assert.ok(!stream.text.includes(id), 'an id from outside must not be echoed')
    })
  }

  test('a page of the other side may call, a stranger may not', async () => {
    const preflight = {
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'content-type',
    }
    const [friend, stranger] = [
      await call('OPTIONS', `${base()}/events`, {
        headers: { origin: 'http://localhost:8081', ...preflight },
      }),
      await call('OPTIONS', `${base()}/events`, { headers: { origin: 'http://evil.example', ...preflight } }),
    ]

    assert.equal(friend.status, 204)
    assert.equal(friend.headers['access-control-allow-origin'], 'http://localhost:8081')
    assert.equal(stranger.headers['access-control-allow-origin'], undefined)
  })

  test('/healthz and /readyz answer 200', async () => {
    const answers = [await call('GET', `${base()}/healthz`), await call('GET', `${base()}/readyz`)]

    assert.deepEqual(
      answers.map(({ status, body }) => [status, body]),
      [
        [200, '{"alive":true}'],
        [200, '{"ready":true}'],
      ],
    )
  })

  test('a publish that is refused reaches nobody', async () => {
    await using stream = await TestStream.open(`${base()}/events?topic=api-refused`)
    await stream.greeted()

    const refused = await post(base(), { topic: 'api-refused', data: 1, extra: 1 })
    const { id } = await publish(base(), { topic: 'api-refused', data: 2 })
    await stream.next(it => it.id === id, { withinMs: 5000 })

    assert.equal(refused.status, 400)
    assert.deepEqual(
      stream.events.map(it => it.id),
      [id],
    )
  })
}
