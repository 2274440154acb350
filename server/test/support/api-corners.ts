import assert from 'node:assert/strict'
import { test } from 'node:test'
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { call, post, publish, type Answer } from '@sse-lab/testkit/publish.ts'
import { TestStream } from '@sse-lab/testkit/stream.ts'

/**
 * Corners of the API in which other servers change, mistake or lose what they were sent. For any address where the API
 * answers, like the table of api-calls.ts.
 */
export function testCorners(base: () => string): void {
  testNumbers(base)
  testBodies(base)
  testQueries(base)
  testLastIds(base)
  testStreamsWithBodies(base)
}

const json = 'application/json'

async function postBody(
  base: string,
  body: string | Buffer,
  headers: Record<string, string> = {},
): Promise<Answer> {
  return await call('POST', `${base}/events`, { headers: { 'content-type': json, ...headers }, body })
}

function codeOf({ body }: Answer): unknown {
  const problem: unknown = JSON.parse(body)
  return typeof problem === 'object' && problem !== null && 'code' in problem ? problem.code : undefined
}

function testNumbers(base: () => string): void {
  const numbers = ['12345678901234567890', '1.0', '1e400', '-0', '0.10', '1E5', '9007199254740993', '1e-400']
  const texts = [
    ...numbers,
    `{"id":9007199254740993,"nested":[{"price":1.10},-0.0,[1E400]]}`,
    `[${numbers.join(',')}]`,
    '{"__proto__":{"a":1.0},"constructor":2.50}',
    '{"half":"\\ud800"}',
  ]
  for (const text of texts) {
    test(`data ${text} arrives digit for digit`, async () => {
      await using stream = await TestStream.open(`${base()}/events?topic=corner-numbers`)
      await stream.greeted()

      const answer = await postBody(base(), `{"topic":"corner-numbers","data":${text}}`)
      assert.equal(answer.status, 202, answer.body)
      const { id } = await publish(base(), { topic: 'corner-numbers', data: 'end' })
      await stream.next(it => it.id === id, { withinMs: 5000 })

      assert.equal(stream.events[0]?.data, text)
    })
  }

  test('a number in place of the body is refused, whatever it looks like', async () => {
    for (const text of ['1.0', '1e400', '5']) {
      const answer = await postBody(base(), text)
      assert.deepEqual([answer.status, codeOf(answer)], [400, 'bad-field'])
      assert.match(answer.body, /JSON object/)
    }
  })
}

/** Bytes that are no UTF-8, inside of a string. */
const brokenText: [string, number[]][] = [
  ['a byte of Latin-1', [0xe9]],
  ['an overlong form', [0xc0, 0xaf]],
  ['a surrogate', [0xed, 0xa0, 0x80]],
  ['a character without its end', [0xf0, 0x9f, 0x98]],
  ['a byte that no character begins with', [0xff]],
]

/** What it is, the body, its headers, and the answer: status and code. */
type Refused = [string, string | Buffer, Record<string, string>, number, string]

function textWith(bytes: number[]): Buffer {
  const [before, after] = ['{"topic":"corner-bodies","data":"', '"}'].map(text => Buffer.from(text))
  return Buffer.concat([before, Buffer.from(bytes), after].filter(part => part !== undefined))
}

function testBodies(base: () => string): void {
  const event = '{"topic":"corner-bodies","data":"x"}'
  const refused: Refused[] = [
    ...brokenText.map(([name, bytes]): Refused => [name, textWith(bytes), {}, 400, 'bad-json']),
    ['half of a surrogate pair in data', '{"topic":"corner-bodies","data":"\\ud800"}', {}, 400, 'bad-field'],
    [
      'half of a surrogate pair in type',
      '{"topic":"corner-bodies","type":"\\udc00","data":1}',
      {},
      400,
      'bad-field',
    ],
    ['UTF-16', Buffer.from(event, 'utf16le'), { 'content-type': `${json}; charset=utf-16` }, 415, 'not-json'],
    ['Latin-1', event, { 'content-type': `${json}; charset=iso-8859-1` }, 415, 'not-json'],
    ['an empty charset', event, { 'content-type': `${json}; charset=` }, 415, 'not-json'],
    ['brotli', brotliCompressSync(event), { 'content-encoding': 'br' }, 415, 'not-json'],
    ['zstd', zstdCompressSync(event), { 'content-encoding': 'zstd' }, 415, 'not-json'],
    ['an unknown encoding', event, { 'content-encoding': 'rot13' }, 415, 'not-json'],
    ['gzip that is none', event, { 'content-encoding': 'gzip' }, 400, 'bad-json'],
    ['gzip that is cut', gzipSync(event).subarray(0, -9), { 'content-encoding': 'gzip' }, 400, 'bad-json'],
    [
      'data that is nested deeper than the stack',
      `{"topic":"corner-bodies","data":${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}}`,
      {},
      400,
      'bad-field',
    ],
  ]
  test('what is refused for its body is told why, and reaches nobody', async () => {
    await using stream = await TestStream.open(`${base()}/events?topic=corner-bodies`)
    await stream.greeted()

    for (const [name, body, headers, status, code] of refused) {
      const answer = await postBody(base(), body, headers)
      assert.deepEqual([name, answer.status, codeOf(answer)], [name, status, code], answer.body)
    }
    const { id } = await publish(base(), { topic: 'corner-bodies', data: 'end' })
    await stream.next(it => it.id === id, { withinMs: 5000 })

    assert.deepEqual(
      stream.events.map(({ data }) => data),
      ['end'],
    )
  })

  const taken: [string, string | Buffer, Record<string, string>][] = [
    ['charset=utf8', event, { 'content-type': `${json}; charset=utf8` }],
    ['charset="UTF-8"', event, { 'content-type': `${json};charset="UTF-8"` }],
    ['gzip', gzipSync(event), { 'content-encoding': 'gzip' }],
    ['deflate', deflateSync(event), { 'content-encoding': 'Deflate' }],
    ['a byte order mark', `\ufeff${event}`, {}],
  ]
  for (const [name, body, headers] of taken) {
    test(`a body with ${name} is taken`, async () => {
      const answer = await postBody(base(), body, headers)
      assert.equal(answer.status, 202, answer.body)
    })
  }
}

function testQueries(base: () => string): void {
  const many = Array.from({ length: 2000 }, (_, n) => `p${n}`).join('&')
  for (const query of [
    'ref=/a?b=1&topic=corner-query',
    `${many}&topic=corner-query`,
    'topic=corner%2Dquery&_=1&r=0.5',
  ]) {
    test(`?${query.slice(0, 40)} opens the topic that it names`, async () => {
      await using stream = await TestStream.open(`${base()}/events?${query}`)
      await stream.greeted()
      const { id } = await publish(base(), { topic: 'corner-query', data: 1 })
      await stream.next(it => it.id === id, { withinMs: 5000 })
    })
  }

  const wrong = [
    'topic=a?b',
    '?topic=a',
    'topics=a',
    'Topic=a',
    'topic[]=a',
    'topic[0]=a',
    'topic%20=a',
    'x=1&amp;topic=a',
    'tpoic=a',
    'topc=a',
    'topik=a',
    'ttopic=a',
    'topic',
    'topic=a;topic=b',
    'topic=%E9',
  ]
  for (const query of wrong) {
    test(`?${query} is refused, and not taken for another topic`, async () => {
      const answer = await call('GET', `${base()}/events?${query}`, { withinMs: 5000 })
      assert.deepEqual([answer.status, codeOf(answer)], [400, 'bad-topic'], answer.body)
      assert.match(answer.body, /topic/)
    })
  }
}

const spellings = [
  'lastEventID',
  'lastEventId',
  'lasteventid',
  'last-event-id',
  'Last-Event-ID',
  'last_event_id',
  'LAST_EVENT_ID',
  'evs_last_event_id',
]

function testLastIds(base: () => string): void {
  for (const spelling of spellings) {
    test(`an id in ?${spelling}= is heard`, async () => {
      const { id } = await publish(base(), { topic: 'corner-ids', data: 'seen' })
      const missed = await publish(base(), { topic: 'corner-ids', data: 'missed' })
      await using unknown = await TestStream.open(`${base()}/events?topic=corner-ids&${spelling}=nonsense`)
      await using back = await TestStream.open(`${base()}/events?topic=corner-ids&${spelling}=${id}`)

      const { bus } = await back.greeted()
      await unknown.greeted()
      const end = await publish(base(), { topic: 'corner-ids', data: 'end' })
      for (const stream of [unknown, back]) await stream.next(it => it.id === end.id, { withinMs: 5000 })

      assert.equal(unknown.gaps.length, 1)
      if (bus === 'streams') assert.deepEqual([back.gaps.length, back.events[0]?.id], [0, missed.id])
      else assert.equal(back.gaps.length, 1)
    })
  }

  test('two ids that differ are a gap, and the same one twice is one', async () => {
    const { id } = await publish(base(), { topic: 'corner-two-ids', data: 'seen' })
    await using two = await TestStream.open(
      `${base()}/events?topic=corner-two-ids&lastEventID=${id}&lastEventId=0-0`,
    )
    await using same = await TestStream.open(
      `${base()}/events?topic=corner-two-ids&lastEventID=${id}&lastEventId=${id}`,
    )

    const { bus } = await same.greeted()
    await two.greeted()
    const end = await publish(base(), { topic: 'corner-two-ids', data: 'end' })
    for (const stream of [two, same]) await stream.next(it => it.id === end.id, { withinMs: 5000 })

    assert.deepEqual([two.gaps.length, same.gaps.length], [1, bus === 'streams' ? 0 : 1])
  })
}

function testStreamsWithBodies(base: () => string): void {
  test('a stream that was asked for with a body is like any other', async () => {
    const length = 70_000
    const headers = { 'content-length': String(length) }
    await using stream = await TestStream.open(`${base()}/events?topic=corner-get-body`, {
      headers,
      body: 'x'.repeat(length),
    })
    await stream.greeted()

    const { status, body } = await post(base(), { topic: 'corner-get-body', data: 'x' })

    assert.equal(status, 202, body)
    await stream.next(it => it.data === 'x', { withinMs: 5000 })
  })
}
