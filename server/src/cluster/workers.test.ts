import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { pino, type Logger } from 'pino'
import { collectDefaultMetrics, Registry } from 'prom-client'
import { until } from '@sse-lab/testkit/wait.ts'
import type { Fleet } from '../sse-types.ts'
import { prometheusText } from '../observe/process-metrics.ts'
import { Workers } from './workers.ts'

const started: Workers[] = []
afterEach(async () => {
  for (const workers of started.splice(0)) await workers.stop()
})

/** Redis' hashes, without their expiry. `away`: it answers nothing. */
function openRedis() {
  const hashes = new Map<string, Record<string, string>>()
  return {
    away: false,
    async hgetall(key: string) {
      if (this.away) throw new Error('away')
      return { ...hashes.get(key) }
    },
    async hsetex(
      key: string,
      _px: 'PX',
      _ms: number,
      _fields: 'FIELDS',
      _count: 1,
      ...field: [string, string]
    ) {
      if (this.away) throw new Error('away')
      hashes.set(key, { ...hashes.get(key), [field[0]]: field[1] })
    },
  }
}

/** A counter as prom-client gives it. */
function events(worker: string, value: number) {
  const help = 'Events'
  return {
    name: 'events_total',
    help,
    type: 'counter',
    aggregator: 'sum',
    values: [{ value, labels: { worker } }],
  }
}

type OpenParts = { log: Logger; connections: number; ready: boolean; onFleet: (fleet: Fleet) => void }

/** A worker that has counted `events`, and what it answers: the count of each worker. */
async function openWorker(
  worker: string,
  commands: ReturnType<typeof openRedis>,
  { log = pino({ enabled: false }), connections = 0, ready = true, onFleet }: Partial<OpenParts> = {},
) {
  const counted = { events: 0 }
  const [host = '', server = '', instance] = worker.split('/')
  const status = {
    worker,
    host,
    server,
    instance: Number(instance),
    pid: 1,
    bus: 'streams',
    ready,
    connections,
  }
  const more = { delivered: 0, published: 0, busLagMs: null, eventLoopDelayMs: 0, rssBytes: 0 }
  const workers = new Workers({
    commands,
    log,
    ...(onFleet && { onFleet }),
    status: () => ({ ...status, ...more }),
    metrics: async () => [events(worker, counted.events)],
  })
  await workers.start()
  started.push(workers)
  return { counted, workers, answer: async () => (await workers.metrics()).flat() }
}

test('a counter never goes back, whichever worker is asked next', async () => {
  const redis = openRedis()
  const [a, b] = [await openWorker('host/aaaaaa/0', redis), await openWorker('host/aaaaaa/1', redis)]

  a.counted.events = 10
  const first = await a.answer()
  const second = await b.answer()

  assert.deepEqual(first[0], events('host/aaaaaa/0', 10))
  assert.deepEqual(second[1], events('host/aaaaaa/0', 10))
})

test('a worker that leaves tells no more: after a reload its successor has the same name', async () => {
  const redis = openRedis()
  const [old, other] = [await openWorker('host/aaaaaa/0', redis), await openWorker('host/aaaaaa/1', redis)]

  await old.workers.stop()
  await openWorker('host/aaaaaa/0', redis)
  old.counted.events = 10
  await old.answer()

  assert.deepEqual((await other.answer())[1], events('host/aaaaaa/0', 0))
})

test('while Redis is away a worker answers for itself', async () => {
  const redis = openRedis()
  const [a] = [await openWorker('host/aaaaaa/0', redis), await openWorker('host/aaaaaa/1', redis)]

  redis.away = true

  assert.deepEqual(await a.answer(), [events('host/aaaaaa/0', 0)])
})

test('a worker that begins before Redis is connected says nothing of it; one that is still not heard a second later does', async () => {
  const redis = openRedis()
  const lines: string[] = []
  const log = pino({}, { write: line => lines.push(line) })

  redis.away = true
  await openWorker('host/aaaaaa/0', redis, { log })
  assert.equal(lines.length, 0)

  await until('a line', 3000, () => lines[0])
  assert.match(lines.join(''), /could not write the status of this worker to Redis/)
  redis.away = false
  const over = await until('the end of it', 3000, () => lines.at(1))
  assert.match(over, /the status of this worker is in Redis again/)
})

test('workers of two servers with one host name are listed as so many', async () => {
  const redis = openRedis()
  const names = ['host/aaaaaa/0', 'host/aaaaaa/1', 'host/bbbbbb/0', 'host/bbbbbb/1']
  const [asked] = await Promise.all(names.map(async name => await openWorker(name, redis)))

  const list = await asked?.workers.list()

  assert.deepEqual(
    list?.workers.map(({ worker }) => worker),
    names,
  )
  assert.equal(list.answeredBy, names[0])
})

test('what no worker can have written is no worker and no metric, and does not spoil the answer', async () => {
  const redis = openRedis()
  const a = await openWorker('host/aaaaaa/0', redis)
  const [own] = (await a.workers.list()).workers
  const forgedWorkers = [
    'x',
    { ...own, pid: -1 },
    { ...own, pid: 1.5 },
    { ...own, server: '../..' },
    { ...own, worker: 'evil' },
    { ...own, server: 'bbbbbb' },
  ]
  const [fine] = [events('evil', 1)]
  const forgedMetrics = [
    'x',
    [{ name: 'a' }],
    [{ ...fine, name: 'a b' }],
    [{ ...fine, type: 'x' }],
    [{ ...fine, values: [{ value: 'x', labels: { worker: 'evil' } }] }],
    [{ ...fine, values: [{ value: 1, labels: { worker: 'evil', 'a"b': 1 } }] }],
    [events('host/aaaaaa/0', 1000)],
  ]
  const write = async (key: string, texts: unknown[]) => {
    for (const text of texts) {
      await redis.hsetex(key, 'PX', 1, 'FIELDS', 1, 'evil', JSON.stringify(text))
      assert.deepEqual(
        (await a.workers.list()).workers.map(({ worker }) => worker),
        ['host/aaaaaa/0'],
      )
      assert.deepEqual(await a.answer(), [events('host/aaaaaa/0', 0)])
    }
  }

  await write('sse-lab:workers', forgedWorkers)
  await write('sse-lab:metrics', forgedMetrics)
})

test('the metrics of a real registry pass from worker to worker, and make one text', async () => {
  const redis = openRedis()
  const registry = new Registry()
  registry.setDefaultLabels({ worker: 'host/bbbbbb/0' })
  collectDefaultMetrics({ register: registry })
  const a = await openWorker('host/aaaaaa/0', redis)
  const real: unknown = await registry.getMetricsAsJSON()
  await redis.hsetex('sse-lab:metrics', 'PX', 1, 'FIELDS', 1, 'host/bbbbbb/0', JSON.stringify(real))

  const text = await prometheusText(await a.workers.metrics())

  assert.match(text, /process_resident_memory_bytes\{worker="host\/bbbbbb\/0"\} \d/)
  assert.match(text, /events_total\{worker="host\/aaaaaa\/0"\} 0/)
})

test('a worker is told how large the fleet is, and while Redis is away nothing', async t => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const redis = openRedis()
  const told: Fleet[] = []
  await openWorker('host/aaaaaa/0', redis, { connections: 7 })
  await openWorker('host/aaaaaa/1', redis, { connections: 5, ready: false })
  await openWorker('host/bbbbbb/0', redis, { connections: 30, onFleet: fleet => told.push(fleet) })
  assert.deepEqual(
    told,
    [{ streams: 42, workers: 2 }],
    'one that leaves takes none, and its streams come back',
  )

  redis.away = true
  t.mock.timers.tick(5000)
  await new Promise(setImmediate)
  assert.equal(told.length, 1)
  redis.away = false
  t.mock.timers.tick(5000)

  await until('it to be told again', 2000, () => told.length === 2)
})
