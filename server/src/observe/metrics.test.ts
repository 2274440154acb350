import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { until } from '@sse-lab/testkit/wait.ts'
import { FakeConnection } from '../../test/support/fake-connection.ts'
import type { BusLog } from '../bus/bus.ts'
import { MemoryBus } from '../bus/memory.ts'
import { Hub } from '../hub/hub.ts'
import { openHistograms, timed } from './histograms.ts'
import { openRegistry, registerMetrics } from './metrics.ts'
import { collectProcessMetrics, prometheusText } from './process-metrics.ts'

const log: BusLog = {
  isId: id => /^\d+$/.test(id),
  compare: (a, b) => Number(a) - Number(b),
  lastId: async () => '1000',
}

/** A hub with a log of numbers, and its metrics. */
function open(eventsMax = 1000) {
  const bus = new MemoryBus({ batchBytesMax: 1e6, waitingBytesMax: 1e6, waitingEventsMax: 1000 })
  const replays: number[] = []
  const hub = new Hub({
    log,
    tail: { eventsMax, bytesMax: 1e6 },
    pieceBytesMax: 60,
    onReplayed: events => replays.push(events),
  })
  const registry = openRegistry('host/0')
  const observe = openHistograms(registry)
  registerMetrics(registry, { hub, bus })
  const value = async (name: string, labels = '') => {
    const line = (await registry.metrics()).split('\n').find(it => it.startsWith(`${name}{${labels}`))
    return Number(line?.slice(line.lastIndexOf(' ')))
  }
  return { hub, registry, observe, replays, value }
}

const events = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => ({
    id: String(from + index),
    topic: 'a',
    data: 'x',
    bytes: 20,
  }))

test('bytes count what every connection was written, live and replayed', async () => {
  const { hub, replays, value } = open()
  await hub.gap('0')
  const [live, late] = [new FakeConnection(), new FakeConnection()]
  hub.open(['a'], undefined, () => live)
  await hub.deliver(events(1, 10))
  hub.open(['a'], '3', () => late)
  await hub.deliver(events(11, 11))
  await until('the replay to be over', 2000, () => replays.length > 0)

  assert.ok(live.bytes > late.bytes && late.bytes > 0)
  assert.equal(await value('sse_bytes_delivered_total'), live.bytes + late.bytes)
})

test('a replay is told once, with its events, when its stream has caught up', async () => {
  const { hub, replays } = open()
  await hub.gap('0')
  await hub.deliver(events(1, 10))
  hub.open(['a'], '3', () => new FakeConnection())
  await until('the replay to be over', 2000, () => replays.length > 0)
  await hub.deliver(events(11, 12))

  assert.deepEqual(replays, [7])
})

test('events that no longer can be replayed are counted', async () => {
  const { hub, value } = open(4)
  await hub.gap('0')
  await hub.deliver(events(1, 10))

  assert.equal(await value('sse_tail_dropped_total'), 6)
  assert.equal(await value('sse_tail_events'), 4)
})

test('what is observed lands in the bucket of its size', async () => {
  const { observe, value } = open()
  observe.written(0.02)
  observe.replayed(50)
  observe.heartbeat(3)

  assert.equal(await value('sse_publish_to_write_seconds_bucket', 'le="0.01"'), 0)
  assert.equal(await value('sse_publish_to_write_seconds_bucket', 'le="0.025"'), 1)
  assert.equal(await value('sse_replay_events_bucket', 'le="10"'), 0)
  assert.equal(await value('sse_replay_events_bucket', 'le="100"'), 1)
  assert.equal(await value('sse_heartbeat_lateness_seconds_bucket', 'le="2.5"'), 0)
  assert.equal(await value('sse_heartbeat_lateness_seconds_bucket', 'le="5"'), 1)
})

test('a batch is observed once for all its streams, and from its publish', async () => {
  const { hub } = open()
  await hub.gap('0')
  for (let stream = 0; stream < 3; stream += 1) hub.open(['a'], undefined, () => new FakeConnection())
  const seconds: number[] = []

  await timed(hub, { lagMs: 250 }, it => seconds.push(it)).deliver(events(1, 10))

  assert.equal(seconds.length, 1)
  assert.ok(seconds[0] !== undefined && seconds[0] >= 0.25 && seconds[0] < 0.5, `observed ${seconds[0]} s`)
})

test('the log that a worker reads before it has streams is no latency', async () => {
  const { hub } = open()
  const seconds: number[] = []
  const subscriber = timed(hub, { lagMs: 3_600_000 }, it => seconds.push(it))

  await subscriber.gap('0')
  await subscriber.deliver(events(1, 500))

  assert.deepEqual(seconds, [])
  assert.equal(hub.position, '500')
})

test('histograms of two workers stay apart in one scrape', async () => {
  const [one, other] = [open(), open()]
  one.observe.written(0.02)
  other.registry.setDefaultLabels({ worker: 'host/1' })

  const text = await prometheusText([
    await one.registry.getMetricsAsJSON(),
    await other.registry.getMetricsAsJSON(),
  ])

  assert.match(text, /^sse_publish_to_write_seconds_count\{worker="host\/0"\} 1$/m)
  assert.match(text, /^sse_publish_to_write_seconds_count\{worker="host\/1"\} 0$/m)
})

const textOf = async (file: string) => await readFile(new URL(`../../../${file}`, import.meta.url), 'utf8')

/** The metrics that a file names. */
async function named(file: string): Promise<string[]> {
  const names = (await textOf(file)).matchAll(/\b(?:sse|nodejs|process)_[a-z0-9_]+\b/g)
  return [...names].map(([name]) => name.replace(/_(bucket|sum|count)$/, ''))
}

test('alerts, dashboard and docs/metrics.md name only metrics that there are; docs and dashboard name every one of ours', async () => {
  const { registry } = open()
  collectProcessMetrics(registry)
  const names = new Set(registry.getMetricsAsArray().map(({ name }) => name))

  for (const file of ['observe/alerts.yml', 'observe/dashboard.json', 'docs/metrics.md']) {
    const all = await named(file)
    assert.ok(all.length > 5, `${file} names metrics`)
    for (const name of all) assert.ok(names.has(name), `${file} names ${name}, which does not exist`)
  }
  for (const file of ['docs/metrics.md', 'observe/dashboard.json']) {
    const told = new Set(await named(file))
    for (const name of names) if (name.startsWith('sse_')) assert.ok(told.has(name), `${file} lacks ${name}`)
  }
})

test('every alert is in docs/metrics.md, and has its place in the test of the rules', async () => {
  const alerts = [...(await textOf('observe/alerts.yml')).matchAll(/alert: (\w+)/g)].map(([, it]) => it)

  assert.ok(alerts.length > 5)
  for (const file of ['docs/metrics.md', 'observe/alerts.test.yml']) {
    const told = await textOf(file)
    for (const alert of alerts) assert.match(told, new RegExp(`\\b${alert}\\b`), `${file} lacks ${alert}`)
  }
})
