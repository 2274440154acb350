import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { pino } from 'pino'
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

/** A worker that has counted `events`, and what it answers: the count of each worker. */
async function openWorker(worker: string, commands: ReturnType<typeof openRedis>) {
  const counted = { events: 0 }
  const [host = '', instance] = worker.split('/')
  const status = {
    worker,
    host,
    instance: Number(instance),
    pid: 1,
    bus: 'streams',
    ready: true,
    connections: 0,
  }
  const more = { delivered: 0, published: 0, busLagMs: null, eventLoopDelayMs: 0, rssBytes: 0 }
  const workers = new Workers({
    commands,
    log: pino({ enabled: false }),
    status: () => ({ ...status, ...more }),
    metrics: async () => [{ worker, events: counted.events }],
  })
  await workers.start()
  started.push(workers)
  return { counted, workers, answer: async () => (await workers.metrics()).flat() }
}

test('a counter never goes back, whichever worker is asked next', async () => {
  const redis = openRedis()
  const [a, b] = [await openWorker('host/0', redis), await openWorker('host/1', redis)]

  a.counted.events = 10
  const first = await a.answer()
  const second = await b.answer()

  assert.deepEqual(first[0], { worker: 'host/0', events: 10 })
  assert.deepEqual(second[1], { worker: 'host/0', events: 10 })
})

test('a worker that leaves tells no more: after a reload its successor has the same name', async () => {
  const redis = openRedis()
  const [old, other] = [await openWorker('host/0', redis), await openWorker('host/1', redis)]

  await old.workers.stop()
  await openWorker('host/0', redis)
  old.counted.events = 10
  await old.answer()

  assert.deepEqual((await other.answer())[1], { worker: 'host/0', events: 0 })
})

test('while Redis is away a worker answers for itself', async () => {
  const redis = openRedis()
  const [a] = [await openWorker('host/0', redis), await openWorker('host/1', redis)]

  redis.away = true

  assert.deepEqual(await a.answer(), [{ worker: 'host/0', events: 0 }])
})
