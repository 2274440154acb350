import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { call, publish } from '@sse-lab/testkit/publish.ts'
import { container, docker, fixed, stackReady } from '@sse-lab/testkit/stack.ts'
import { TestStream } from '@sse-lab/testkit/stream.ts'
import { until } from '@sse-lab/testkit/wait.ts'

const streamCount = 2000
const eventCount = 100

/** The sum of a metric over the workers of the fixed side. */
async function metric(name: string): Promise<number> {
  const { body } = await call('GET', `${fixed}/metrics`)
  const workers = (await stackReady()).map(({ worker }) => worker)
  return body
    .split('\n')
    .filter(
      line => line.startsWith(`${name}{`) && workers.some(worker => line.includes(`worker="${worker}"`)),
    )
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0)
}

async function redis(...args: string[]): Promise<string> {
  return await docker('exec', container('redis'), 'redis-cli', ...args)
}

const subscriptions = async () => [
  await redis('pubsub', 'channels'),
  await redis('pubsub', 'numsub', 'sse-lab:events'),
]
// Those of the workers, which all have a name. A health check has none, and comes and goes.
const links = async () =>
  (await redis('client', 'list')).split('\n').filter(line => / name=\S/.test(line)).length
const sockets = async () => await metric('nodejs_active_resources')

test('2,000 streams on four workers get every one of 100 events, once and in order, and leave nothing behind', async () => {
  await stackReady()
  await until('earlier streams to be gone', 15_000, async () => (await metric('sse_connections')) === 0)
  const before = { subscriptions: await subscriptions(), links: await links(), sockets: await sockets() }
  const topic = randomUUID()

  const streams: TestStream[] = []
  while (streams.length < streamCount) {
    streams.push(
      ...(await Promise.all(
        Array.from({ length: 100 }, () => TestStream.open(`${fixed}/events?topic=${topic}`)),
      )),
    )
  }
  for (const stream of streams) await stream.greeted()
  const ids: string[] = []
  for (let sequence = 0; sequence < eventCount; sequence += 1) {
    ids.push((await publish(fixed, { topic, data: { sequence } })).id)
  }

  const perWorker = new Map<string, number>()
  for (const stream of streams) {
    await until(`${eventCount} events`, 30_000, () => stream.events.length >= eventCount)
    assert.deepEqual(
      stream.events.map(event => event.id),
      ids,
    )
    const worker = stream.hello?.worker ?? ''
    perWorker.set(worker, (perWorker.get(worker) ?? 0) + 1)
  }
  assert.equal(perWorker.size, 4)
  for (const [worker, held] of perWorker) assert.ok(held > streamCount / 8, `${worker} holds only ${held}`)

  for (const stream of streams) stream.close()
  // A scrape shows the asked worker as it is now and the others up to 5 s ago, so each figure is awaited by itself.
  await until('every connection to be gone', 15_000, async () => (await metric('sse_connections')) === 0)
  await until('every topic to be gone', 15_000, async () => (await metric('sse_topics')) === 0)
  assert.deepEqual(await subscriptions(), before.subscriptions)
  assert.equal(await links(), before.links)
  // A few sockets of health checks come and go; 2,000 streams would show.
  await until('every socket to be gone', 15_000, async () => (await sockets()) < before.sockets + 20)
})
