import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { audit } from '@sse-lab/testkit/ledger.ts'
import { listen } from '@sse-lab/testkit/listen.ts'
import { post, publish } from '@sse-lab/testkit/publish.ts'
import { Publisher } from '@sse-lab/testkit/publisher.ts'
import { Random } from '@sse-lab/testkit/random.ts'
import { TestStream } from '@sse-lab/testkit/stream.ts'
import { until } from '@sse-lab/testkit/wait.ts'
import { openBus } from '../../src/bus/open-bus.ts'
import { Hub } from '../../src/hub/hub.ts'
import { readOptions } from '../../src/options.ts'
import { OpenLogs } from '../../src/partitions/open-logs.ts'
import type { PartitionBus } from '../../src/partitions/partition-bus.ts'
import { PartitionedBus } from '../../src/partitions/partitioned-bus.ts'
import { PartitionedHub } from '../../src/partitions/partitioned-hub.ts'
import { openRedis } from '../../src/redis.ts'
import { Stats } from '../../src/stats.ts'
import { TextConnection } from '../support/fake-connection.ts'
import { createSse, openServer, type SseOptions } from '../../src/sse.ts'
import { RedisProcess } from './redis-process.ts'

const silent = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
}
const partitions = 12
// Each in a log of its own: cursor.test.ts says which.
const scopes = ['acme/orders', 'tenant-1/orders', 'tenant-2/orders']

async function serve(t: TestContext, redis: RedisProcess, more: SseOptions = {}): Promise<string> {
  const sse = createSse({
    redis: redis.url,
    partitions,
    log: silent,
    drainMs: 200,
    retryMsMin: 10,
    retryMsMax: 50,
    ...more,
  })
  const server = openServer((request, response) => {
    if (request.method === 'POST') void sse.receive(request, response)
    else void sse.stream(request, response)
  })
  t.after(async () => await sse.drain(server))
  await sse.untilReady()
  return `http://127.0.0.1:${await listen(server)}`
}

const urlOf = (base: string, topics: string[]) =>
  `${base}/events?${topics.map(topic => `topic=${topic}`).join('&')}`

async function openStream(base: string, topics: string[], lastId?: string): Promise<TestStream> {
  const headers = lastId === undefined ? {} : { 'last-event-id': lastId }
  const stream = await TestStream.open(urlOf(base, topics), { headers })
  await stream.greeted()
  return stream
}

const dataOf = ({ events }: TestStream) => events.map(({ data }) => data)

test('streams of one scope and of several get everything once and in order, however often they are cut', async t => {
  await using redis = await RedisProcess.start()
  const bases = [await serve(t, redis), await serve(t, redis)]
  const random = new Random('partitions')
  const wishes = [...scopes.map(topic => [topic]), scopes.slice(0, 2), scopes]
  const streams = wishes.flatMap(topics =>
    bases.map(base => ({ topics, stream: TestStream.returning(urlOf(base, topics)) })),
  )
  t.after(() => streams.forEach(({ stream }) => stream.close()))
  for (const { stream } of streams) await stream.greeted()
  const publishers = scopes.flatMap((topic, n) =>
    bases.map((base, m) => {
      const publisher = new Publisher({ name: `p${n}${m}`, topic, repeats: true })
      publisher.start(base, 3, 10_000)
      return { topic, publisher }
    }),
  )

  await until('each stream to be cut three times', 60_000, () => {
    for (const { stream } of streams) stream.cutAfter(random.integer(1, 4000))
    return streams.every(({ stream }) => stream.cuts >= 3)
  })
  for (const { stream } of streams) stream.cutAfter(Infinity)
  await Promise.all(publishers.map(async ({ publisher }) => await publisher.stop()))

  for (const { topics, stream } of streams) {
    const acknowledged = publishers
      .filter(({ topic }) => topics.includes(topic))
      .flatMap(({ publisher }) => publisher.acknowledged)
    const judge = () => audit(acknowledged, stream.received)
    await until('all to arrive', 10_000, () => judge().lost.length === 0)
    assert.deepEqual(
      [judge(), stream.gaps, stream.fatal],
      [{ lost: [], doubled: [], disordered: [] }, [], undefined],
    )
  }
})

test('an id of several scopes holds at another server, for all of them and for one', async t => {
  await using redis = await RedisProcess.start()
  const [one, two] = [await serve(t, redis), await serve(t, redis)]
  const first = await openStream(one, scopes)
  for (const topic of scopes) await publish(one, { topic, data: `before ${topic}` })
  await until('all three', 5000, () => first.events.length === 3)
  const id = first.position
  for (const topic of scopes) await publish(two, { topic, data: `after ${topic}` })
  const after = scopes.map(topic => `after ${topic}`)

  const all = await openStream(two, scopes, id)
  const some = await openStream(two, scopes.slice(0, 1), id)

  await until('what all missed', 5000, () => all.events.length === 3)
  assert.deepEqual(dataOf(all).toSorted(), after.toSorted())
  await until('what one missed', 5000, () => some.events.length > 0)
  assert.deepEqual(dataOf(some), after.slice(0, 1))
  assert.deepEqual([all.gaps, some.gaps], [[], []])
})

test('an id without a cursor for a scope is a gap, as is one of a log that is not divided', async t => {
  await using redis = await RedisProcess.start()
  const base = await serve(t, redis)
  const { id } = await publish(base, { topic: 'acme/orders', data: 1 })
  assert.match(id, /^2:\d+-\d+$/)

  for (const [topics, lastId, gaps] of [
    [['acme/orders'], id, 0],
    [['acme/orders'], id.slice(2), 1],
    [['acme/orders'], 'nonsense', 1],
    [['tenant-1/orders'], id, 1],
    [['acme/orders', 'tenant-1/orders'], id, 1],
  ] as const) {
    const stream = await openStream(base, [...topics], lastId)
    await publish(base, { topic: 'acme/orders', data: 'next' })
    await publish(base, { topic: 'tenant-1/orders', data: 'next' })
    await until('what comes next', 5000, () => stream.events.length >= topics.length)
    assert.equal(stream.gaps.length, gaps, `${topics.join(' ')} with ${lastId}`)
  }
})

test('a log that is lost is a gap on the streams of its scopes, and on no others', async t => {
  await using redis = await RedisProcess.start()
  const base = await serve(t, redis)
  const streams = [
    await openStream(base, ['acme/a']),
    await openStream(base, ['tenant-1/a']),
    await openStream(base, ['acme/a', 'tenant-1/a']),
  ]
  const [acme, tenant, both] = streams
  for (const topic of ['acme/a', 'tenant-1/a']) await publish(base, { topic, data: 'before' })
  for (const stream of streams) await until('it', 5000, () => stream.events.length > 0)

  await redis.cli('del', 'sse-lab:{2}:log', 'sse-lab:{2}:log-end', 'sse-lab:{2}:log-marker')
  await until('the gap', 15_000, () => (acme?.gaps.length ?? 0) > 0 && (both?.gaps.length ?? 0) > 0)
  for (const topic of ['acme/a', 'tenant-1/a']) await publish(base, { topic, data: 'after' })

  await until('both events after', 5000, () => both?.events.length === 4)
  await until('what comes after, everywhere', 5000, () =>
    [acme, tenant].every(stream => stream?.events.at(-1)?.data === 'after'),
  )
  assert.equal(tenant?.gaps.length, 0)
  const back = await openStream(base, ['acme/a', 'tenant-1/a'], both?.position)
  assert.equal(back.gaps.length, 0)
})

test('a log is read where somebody has streams in it, and nowhere else; publishing needs no reader', async t => {
  await using redis = await RedisProcess.start()
  const [one, two] = [await serve(t, redis, { name: 'one' }), await serve(t, redis, { name: 'two' })]
  const readers = async () =>
    [...(await redis.cli('client', 'list')).matchAll(/name=(\S+\/listener\S*)/g)].map(([, name]) => name)

  await publish(two, { topic: 'acme/orders', data: 'before' })
  assert.deepEqual(await readers(), [])
  const stream = await openStream(one, ['acme/orders', 'acme/chat'])
  const { id } = await publish(two, { topic: 'acme/chat', data: 1 })

  await stream.next(event => event.id === id, { withinMs: 5000 })
  assert.deepEqual(await readers(), ['one/listener/2'])
})

test('the same key takes effect once, wherever it is repeated; with an event of the same scope it is refused', async t => {
  await using redis = await RedisProcess.start()
  const [one, two] = [await serve(t, redis), await serve(t, redis)]
  const key = { 'idempotency-key': 'k' }

  const first = await publish(one, { topic: 'acme/a', data: 1 }, key)
  const again = await publish(two, { topic: 'acme/a', data: 1 }, key)
  const other = await post(two, { topic: 'acme/b', data: 1 }, key)

  assert.deepEqual([again.id, other.status], [first.id, 422])
})

test('while a log cannot be opened its streams are told to come back, and others open', async t => {
  await using redis = await RedisProcess.start()
  const base = await serve(t, redis)
  await using open = await openStream(base, ['acme/a'])
  redis.signal('SIGSTOP')

  const away = await TestStream.open(`${base}/events?topic=tenant-1/a`, { withinMs: 10_000 })
  const same = await TestStream.open(`${base}/events?topic=acme/b`, { withinMs: 10_000 })

  assert.equal((await away.ended(5000)).how, 'end')
  assert.deepEqual([away.status, away.hello], [200, undefined])
  await same.greeted()
  redis.signal('SIGCONT')
  await until('a stream of the log', 15_000, async () => await openStream(base, ['tenant-1/a']))
  assert.equal(open.ending, undefined)
})

function readWithHub(one: PartitionBus): { hub: Hub; opened: Promise<void> } {
  const hub = new Hub({ log: one.log, tail: { eventsMax: 10, bytesMax: 10_000 }, pieceBytesMax: 1000 })
  return { hub, opened: one.subscribe(hub) }
}

test('a log that nobody wants any more is let go a while later, and is read anew by who comes back', async t => {
  await using redis = await RedisProcess.start()
  const settings = readOptions({ redis: redis.url, partitions })
  const place = { url: redis.url, mode: 'single', master: '' } as const
  const links = openRedis(place, 'worker', 1500, silent)
  void links.commands.connect()
  const bus = openBus(settings, links, silent)
  assert.ok(bus instanceof PartitionedBus)
  t.after(async () => {
    await bus.close()
    links.commands.disconnect()
  })
  await bus.open()
  const hub = new PartitionedHub(new OpenLogs(bus, readWithHub, { lingerMs: 100 }), partitions, new Stats())
  const topics = ['acme/a']
  const readers = async () => [...(await redis.cli('client', 'list')).matchAll(/listener/g)].length
  const enter = async (lastId?: string) => {
    await hub.prepare(topics)
    const connection = new TextConnection()
    return { connection, leave: hub.open(topics, lastId, () => connection) }
  }

  const first = await enter()
  const { id } = await bus.publish({ topic: 'acme/a', data: 'one', bytes: 50 })
  await until('it', 5000, () => first.connection.ids.includes(id))
  first.leave()
  first.leave()
  await until('the reader to go', 5000, async () => (await readers()) === 0)
  assert.deepEqual([hub.connections, hub.topics, bus.ready], [0, 0, true])
  const missed = await bus.publish({ topic: 'acme/a', data: 'two', bytes: 50 })
  const back = await enter(id)

  await until('what it missed', 5000, () => back.connection.ids.includes(missed.id))
  assert.deepEqual([back.connection.ids, await readers()], [[missed.id], 1])
})
