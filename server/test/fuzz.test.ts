import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { before, test, type TestContext } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import * as fc from 'fast-check'
import { call, post, publish } from '@sse-lab/testkit/publish.ts'
import { fixed, listWorkers, stackReady } from '@sse-lab/testkit/stack.ts'
import { TestStream } from '@sse-lab/testkit/stream.ts'
import { until } from '@sse-lab/testkit/wait.ts'

/**
 * Inputs that nobody has thought of, through nginx and straight at the workers: no answer 5xx but 503, no dead worker, no
 * broken block on a stream, and no 202 whose data differs from what was sent. SEED=… repeats a run.
 */
const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31)
const publishes = 4000
const queries = 1500
const rawRequests = 1500

before(async () => {
  await stackReady()
})

const topics = Array.from({ length: 8 }, (_, n) => `fuzz-${n}`)

const number = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(value => JSON.stringify(value)),
  fc
    .tuple(
      fc.constantFrom('', '-'),
      fc.bigInt({ min: 0n, max: 10n ** 30n }),
      fc.constantFrom('', '.0', '.10', 'e5', 'E+400', 'e-400', '.5e-1'),
    )
    .map(parts => parts.join('')),
)
const text = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    '\r',
    '\r\n\n',
    'a\nid: 9\nevent: hello',
    '\0',
    '\u2028',
    '\ufeff',
    ':',
    'data: x',
    ' lead',
  ),
)
const literal = fc.oneof(
  number,
  text.map(value => JSON.stringify(value)),
  fc.constantFrom('true', 'false', 'null'),
)
/** JSON as JSON.stringify writes it, but for its numbers: so it must arrive as it is. */
const json = fc.letrec<{ value: string }>(tie => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    literal,
    fc.array(tie('value'), { maxLength: 4 }).map(items => `[${items.join()}]`),
    fc
      .dictionary(
        text.map(key => `k${key}`),
        tie('value'),
        { maxKeys: 4 },
      )
      .map(
        object =>
          `{${Object.entries(object)
            .map(([key, value]) => `${JSON.stringify(key)}:${value}`)
            .join()}}`,
      ),
  ),
})).value

const data = fc.oneof(
  text.map(value => ({ sent: JSON.stringify(value), arrives: value.replaceAll(/\r\n?/g, '\n') })),
  json.filter(value => !value.startsWith('"')).map(value => ({ sent: value, arrives: value })),
)
const type = fc.option(
  fc.oneof({ weight: 3, arbitrary: fc.stringMatching(/^[a-z]{1,9}$/) }, { weight: 1, arbitrary: text }),
  { nil: undefined },
)

/** Inputs of an arbitrary, the same for the same seed. */
function inputs<T>(arbitrary: fc.Arbitrary<T>, count: number): T[] {
  return fc.sample(arbitrary, { seed, numRuns: count })
}

/** Does something with each input, eight at a time. */
async function each<T>(all: T[], act: (input: T) => Promise<void>): Promise<void> {
  const left = all.values()
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      for (const input of left) await act(input)
    }),
  )
}

function mayAnswer(status: number, input: unknown): void {
  assert.ok(status < 500 || status === 503, `${status} for ${JSON.stringify(input)}, SEED=${seed}`)
}

const pids = async () => (await listWorkers()).map(({ host, pid }) => `${host} ${pid}`).toSorted()

async function workersLive(t: TestContext): Promise<void> {
  t.diagnostic(`SEED=${seed}`)
  const atFirst = await pids()
  // A worker that is busy may tell of itself late, and is missing from the list for a moment.
  t.after(async () => {
    const same = async () => isDeepStrictEqual(await pids(), atFirst)
    await until(`the workers of before, SEED=${seed}`, 10_000, same, pids)
  })
}

test(
  `what was acknowledged of ${publishes} random publishes arrives as it was sent, in whole blocks`,
  { timeout: 240_000 },
  async t => {
    await workersLive(t)
    const query = topics.map(topic => `topic=${topic}`).join('&')
    const streams = await Promise.all(
      [fixed, 'http://server:3000'].map(
        async base => await TestStream.open(`${base}/events?${query}`, { keepText: true }),
      ),
    )
    for (const stream of streams) await stream.greeted()

    const acknowledged = new Map<string, string>()
    const published = inputs(fc.record({ topic: fc.constantFrom(...topics), type, data }), publishes)
    await each(published, async event => {
      const kind = event.type === undefined ? '' : `"type":${JSON.stringify(event.type)},`
      const body = `{"topic":"${event.topic}",${kind}"data":${event.data.sent}}`
      const answer = await call('POST', `${fixed}/events`, {
        headers: { 'content-type': 'application/json' },
        body,
      })
      mayAnswer(answer.status, body)
      const read: unknown = JSON.parse(answer.body)
      if (answer.status !== 202) return
      assert.ok(typeof read === 'object' && read !== null && 'id' in read)
      acknowledged.set(String(read.id), event.data.arrives)
    })
    const { id } = await publish(fixed, { topic: topics[0], data: 'the end' })
    acknowledged.set(id, 'the end')

    assert.ok(acknowledged.size > publishes / 2, `${acknowledged.size} of ${publishes} were taken`)
    for (const stream of streams) {
      await stream.next(event => event.id === id, { withinMs: 10_000 })
      const got = new Map(stream.events.map(event => [String(event.id), event.data]))
      for (const [key, value] of acknowledged) assert.equal(got.get(key), value, `SEED=${seed}`)
      assert.equal(stream.events.length, acknowledged.size, `no more and no less, SEED=${seed}`)
      const lines = stream.text.split('\n')
      const broken = lines.filter(
        line => !/^(?:retry: \d+|id: \d+-\d+|event: [^\0]+|data:(?: .*)?|:)?$/s.test(line),
      )
      assert.equal(broken[0], undefined, `SEED=${seed}`)
    }
  },
)

const name = fc.oneof(
  fc.constantFrom('topic', 'topics', 'lastEventID', 'last-event-id', '_', 'ref', ''),
  fc.string({ maxLength: 8 }),
)
const value = fc.oneof(
  fc.constantFrom(...topics, '0-0', '99999999999999-0', 'a?b', '%', '%zz', '%E9'),
  fc.string({ unit: 'binary', maxLength: 20 }).map(it => encodeURIComponent(it.toWellFormed())),
  fc.string({ maxLength: 300 }).map(it => encodeURIComponent(it)),
)
const queryOf = fc
  .array(
    fc.tuple(
      name.map(it => encodeURIComponent(it)),
      value,
    ),
    { maxLength: 40 },
  )
  .map(pairs => pairs.map(pair => pair.join('=')).join('&'))

for (const base of [fixed, 'http://server:3000']) {
  test(
    `${queries} random queries at ${base} open what they name, or are refused`,
    { timeout: 120_000 },
    async t => {
      await workersLive(t)
      await each(inputs(queryOf, queries), async query => {
        const stream = await TestStream.open(`${base}/events?${query}`, { withinMs: 30_000 })
        mayAnswer(stream.status, query)
        if (stream.status === 200) await stream.greeted(30_000)
        else assert.match(String(stream.headers['content-type']), /^application\/problem\+json/, query)
        stream.close()
      })
    },
  )
}

const methods = fc.constantFrom(
  'GET',
  'POST',
  'PUT',
  'HEAD',
  'OPTIONS',
  'DELETE',
  'TRACE',
  'PATCH',
  'get',
  'BREW',
  '',
)
const paths = fc.oneof(
  fc.constantFrom(
    '/events',
    '/events/',
    '//events',
    '/events?topic=a',
    '/api/workers',
    '/metrics',
    '/api/lab',
    '*',
    '/../x',
    '/%00',
    'http://x/events',
    '',
  ),
  fc.webPath(),
)
const headers = fc.oneof(
  fc.constantFrom(
    'Content-Length: 0',
    'Content-Length: 5',
    'Content-Length: -1',
    'Content-Length: 99999999999999999999',
    'Transfer-Encoding: chunked',
    'Transfer-Encoding: gzip',
    'Transfer-Encoding: chunked, gzip',
    'Expect: 100-continue',
    'Expect: x',
    'Connection: upgrade',
    'Upgrade: websocket',
    'Upgrade: h2c',
    'Range: bytes=9-1',
    'Content-Type: application/json',
    'Content-Encoding: gzip',
    'Origin: null',
    'Host: evil.example',
    'Last-Event-ID: 0-0',
    ' folded',
    'X:\u0001',
    `Cookie: ${'x'.repeat(9000)}`,
    'If-Match: "x"',
    'Accept: */*;q=x',
  ),
  fc
    .tuple(fc.stringMatching(/^[A-Za-z-]{1,20}$/), fc.string({ maxLength: 40 }))
    .map(([header, content]) => `${header}: ${content}`),
)
const raw = fc
  .record({
    method: methods,
    path: paths,
    version: fc.constantFrom('HTTP/1.1', 'HTTP/1.1', 'HTTP/1.0', 'HTTP/2.0', 'HTTP/9', ''),
    host: fc.constantFrom('Host: x', 'Host: x', ''),
    more: fc.array(headers, { maxLength: 5 }),
    body: fc.oneof(
      fc.constant(''),
      fc.string({ unit: 'binary', maxLength: 50 }),
      fc.constantFrom('5\r\nhello\r\n0\r\n\r\n', 'ffffffffffffffffff\r\n'),
    ),
  })
  .map(({ method, path, version, host, more, body }) =>
    [`${method} ${path} ${version}`, ...[host].filter(Boolean), ...more, '', body].join('\r\n'),
  )

/** The statuses that the bytes were answered with, until the connection ends or nothing comes any more. */
async function statuses(host: string, port: number, bytes: string): Promise<number[]> {
  const socket = connect(port, host)
  let answers = ''
  socket.setEncoding('latin1').on('data', chunk => (answers += String(chunk)))
  socket.on('error', () => undefined)
  // Without more to come, and with an end, most requests are answered at once; a stream goes on.
  const over = new Promise(resolve => socket.once('close', resolve).setTimeout(300, () => socket.destroy()))
  socket.end(bytes, 'utf8')
  await over
  return [...answers.matchAll(/^HTTP\/1\.[01] (\d{3}) /gm)].map(([, status]) => Number(status))
}

for (const [host, port] of [
  [new URL(fixed).hostname, 80],
  ['server', 3000],
] as const) {
  test(
    `${rawRequests} random requests at ${host}:${port} are answered or ended, and the workers live`,
    { timeout: 180_000 },
    async t => {
      await workersLive(t)
      let answered = 0
      await each(inputs(raw, rawRequests), async bytes => {
        for (const status of await statuses(host, port, bytes)) {
          mayAnswer(status, bytes)
          answered += 1
        }
      })
      assert.ok(answered > rawRequests / 4, `${answered} answers`)
      assert.equal((await post(fixed, { topic: 'fuzz-0', data: 1 })).status, 202)
    },
  )
}
