import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import { BusAway, KeyReused, TooManyKeys } from '../src/bus/errors.ts'
import { compareIds, idAbove, idTime } from '../src/bus/streams/ids.ts'
import { onceKeysMax } from '../src/bus/streams/scripts.ts'
import { draft, Worker } from './support/bus-worker.ts'
import { docker, startRedis } from '@sse-lab/testkit/stack.ts'
import { Toxiproxy } from '@sse-lab/testkit/toxiproxy.ts'
import { until } from '@sse-lab/testkit/wait.ts'

/** The streams bus against a Redis of its own: several workers in this process. */
const url = 'redis://log-redis:6379'
let container: Awaited<ReturnType<typeof startRedis>>
const workers: Worker[] = []

async function started(name: string, own: ConstructorParameters<typeof Worker>[2] = {}): Promise<Worker> {
  const worker = new Worker(url, name, own)
  workers.push(worker)
  await worker.start()
  worker.seen = [] // the first gap only says where the log starts
  return worker
}

const cli = async (...args: string[]) => await docker('exec', container.getId(), 'redis-cli', ...args)

before(async () => {
  container = await startRedis('log-redis')
})
beforeEach(async () => {
  await until('Redis', 10_000, async () => /OK/.test(await cli('flushall')))
})
afterEach(async () => {
  for (const worker of workers.splice(0)) await worker.close()
  await cli('config', 'set', 'maxmemory', '0')
})
after(async () => {
  await container.stop()
})

test('what any worker publishes comes to every worker, in one order', async () => {
  const [one, two] = [await started('one'), await started('two')]

  await Promise.all(Array.from({ length: 200 }, (_, n) => (n % 2 ? one : two).publish(`${n}`)))
  await one.publish('last')

  await until('all', 5000, () => one.seen.length === 201 && two.seen.length === 201)
  assert.deepEqual(one.seen, two.seen)
  assert.equal(new Set(one.seen).size, 201)
  assert.deepEqual(one.ids, one.ids.toSorted(compareIds))
})

test('a worker that starts later has the whole log, then what comes', async () => {
  const one = await started('one')
  for (const data of ['1', '2', '3']) await one.publish(data)

  const two = new Worker(url, 'two')
  workers.push(two)
  await two.start()
  await one.publish('4')

  await two.sees(['gap', '1', '2', '3', '4'])
})

test('a log longer than a page is read to its end before the worker is there', async () => {
  const one = await started('one')
  await Promise.all(Array.from({ length: 999 }, async (_, n) => await one.publish(`${n}`)))

  const two = new Worker(url, 'two')
  workers.push(two)
  await two.start()

  assert.equal(two.seen.length, 1000)
})

test('what is published while the link of a worker is down is read when it is back', async () => {
  const [one, two] = [await started('one'), await started('two')]

  two.redis.listener.disconnect(true)
  for (const data of ['1', '2']) await one.publish(data)
  assert.equal(two.bus.ready, false)
  await cli('client', 'kill', 'type', 'normal')
  for (const data of ['3', '4']) await one.publish(data)

  for (const worker of [one, two]) await worker.sees(['1', '2', '3', '4'])
})

test('the log keeps to its bounds, of events and of bytes', async () => {
  const one = await started('one', { logEventsMax: 10, logBytesMax: 100_000 })

  for (let n = 0; n < 50; n += 1) await one.publish(`${n}`)
  assert.match(await cli('xlen', 'sse-lab:log'), /^10$/m)
  for (let n = 0; n < 4; n += 1) await one.publish('x'.repeat(40_000))

  assert.match(await cli('xlen', 'sse-lab:log'), /^2$/m)
})

test('a worker that falls behind the bound of the log tells a gap, and goes on with what is left', async () => {
  const one = await started('one', { logEventsMax: 5 })
  const slow = await started('slow', { logEventsMax: 5 })
  const busy = Promise.withResolvers<void>()
  slow.busy = busy.promise

  await one.publish('1')
  await until('it to be busy with the first', 5000, () => slow.batches === 1)
  for (let n = 2; n <= 20; n += 1) await one.publish(`${n}`)
  busy.resolve()

  await slow.sees(['1', 'gap', '16', '17', '18', '19', '20'])
})

test('the same Idempotency-Key takes effect once, with another event it is refused', async () => {
  const [one, two] = [await started('one'), await started('two')]

  const first = await one.bus.publish(draft('1'), { key: 'k' })
  const again = await Promise.all(
    [one, two].map(async ({ bus }) => await bus.publish(draft('1'), { key: 'k' })),
  )
  await assert.rejects(two.bus.publish(draft('other'), { key: 'k' }), KeyReused)
  const other = await one.bus.publish(draft('1'), { key: 'k2' })

  assert.deepEqual([again[0]?.id, again[1]?.id], [first.id, first.id])
  assert.notEqual(other.id, first.id)
  await one.sees(['1', '1'])
  assert.match(
    await cli('hpttl', 'sse-lab:once', 'fields', '1', hash('sha256', 'k', 'base64url')),
    /^(11\d{4}|120000)$/m,
  )
})

test('while Redis is away a publish is refused, not resent; afterwards nothing is lost', async () => {
  const [one, two] = [await started('one'), await started('two')]
  await one.publish('1')

  await docker('pause', container.getId())
  try {
    await assert.rejects(one.bus.publish(draft('in flight')), BusAway)
  } finally {
    await docker('unpause', container.getId())
  }
  await one.publish('2')

  for (const worker of [one, two]) {
    await until('the last', 10_000, () => worker.seen.at(-1) === '2')
    // It was on its way already, and took effect once.
    assert.deepEqual(
      worker.seen.filter(data => data !== 'in flight'),
      ['1', '2'],
    )
    assert.ok(worker.seen.length <= 3)
  }
})

test('a Redis that comes back without its data is a gap on every worker, and ids go on growing', async () => {
  const [one, two] = [await started('one'), await started('two')]
  for (const data of ['1', '2']) await one.publish(data)
  for (const worker of [one, two]) await worker.sees(['1', '2'])

  await docker('restart', '--time', '0', container.getId())
  for (const worker of [one, two]) await until('the gap', 15_000, () => worker.seen.at(-1) === 'gap')
  await one.publish('3')

  for (const worker of [one, two]) {
    await worker.sees(['1', '2', ...worker.seen.filter(data => data === 'gap'), '3'])
  }
})

test('a log that is deleted under a quiet worker is noticed within seconds, also with the clock of Redis behind', async () => {
  const one = await started('one')
  // As if the clock had been an hour ahead when this was published.
  await addByHand(`${Date.now() + 3_600_000}-7`, '1')
  await one.sees(['1'])

  await cli('flushall')
  await until('the gap', 10_000, () => one.seen.at(-1) === 'gap')
  const id = await one.publish('2')

  await one.sees(['1', 'gap', '2'])
  assert.ok(compareIds(id, one.ids[0] ?? '') > 0)
})

test('a Redis that comes back with an older copy is a gap on every worker, also where only one knew what was lost', async () => {
  const [one, two] = [await started('one'), await started('two')]
  await one.publish('1')
  for (const worker of [one, two]) await worker.sees(['1'])
  await cli('save')
  const busy = Promise.withResolvers<void>()
  two.busy = busy.promise
  await one.publish('2')
  await one.sees(['1', '2'])

  await docker('kill', container.getId())
  await docker('start', container.getId())
  await until('the gap', 15_000, () => one.seen.at(-1) === 'gap')
  busy.resolve()
  await two.publish('3')

  await one.sees(['1', '2', 'gap', '3'])
  await until('the last', 10_000, () => two.seen.at(-1) === '3')
  assert.ok(two.seen.includes('gap') || two.seen.includes('2'), two.seen.join(' '))
})

/** Takes a worker's link to the log away. */
async function deafen({ redis: { listener } }: Worker): Promise<void> {
  listener.disconnect()
  await until('its end', 5000, () => listener.status === 'end')
}

const keys = ['sse-lab:log', 'sse-lab:log-end', 'sse-lab:log-marker']

async function keepCopy(): Promise<void> {
  for (const key of keys) await cli('copy', key, `copy:${key}`, 'replace')
}

/** Redis as it was, as after a failover to a replica that lagged. */
async function returnToCopy(): Promise<void> {
  for (const key of keys) {
    await cli('del', key)
    await cli('copy', `copy:${key}`, key)
  }
}

/** Adds an event with an id of ours, as publishing would. */
async function addByHand(id: string, data: string): Promise<void> {
  const [start = '0', previous = '0-0'] = (await cli('get', 'sse-lab:log-end')).trim().split(' ')
  const end = Number(start || '0') + draft(data).bytes
  const chain = ['start', start || '0', 'end', String(end), 'after', previous]
  await cli('xadd', 'sse-lab:log', id, ...chain, 'topic', 'a', 'data', data)
  await cli('set', 'sse-lab:log-end', `${end} ${id}`)
}

// What was acknowledged, who has read it, and what comes after the loss, before anyone reads again.
const losses: { name: string; lose: (one: Worker, two: Worker) => Promise<void> }[] = [
  {
    name: 'one worker had read, and others had not',
    async lose(one, two) {
      await deafen(two)
      await one.publish('lost')
      await one.sees(['1', 'lost'])
      await deafen(one)
      await returnToCopy()
      for (const data of ['2', '3']) await two.publish(data)
    },
  },
  {
    name: 'nobody had read, and the same worker published more',
    async lose(one, two) {
      await Promise.all([one, two].map(deafen))
      await one.publish('lost')
      await returnToCopy()
      await one.publish('2')
    },
  },
  {
    name: 'nobody had read, and another worker published more',
    async lose(one, two) {
      await Promise.all([one, two].map(deafen))
      await one.publish('lost')
      await returnToCopy()
      await two.publish('2')
    },
  },
  {
    name: 'one worker had read, in a Redis whose clock was ahead of the next one',
    async lose(one, two) {
      await deafen(two)
      const aheadMs = 1500
      const id = `${Date.now() + aheadMs}-0`
      await addByHand(id, 'lost')
      await one.sees(['1', 'lost'])
      await deafen(one)
      await returnToCopy()
      // As many bytes as were lost, with an id below it; then one above it.
      await two.publish('hide')
      await until('the clock to be there', 5000, () => Date.now() > idTime(id) + 100)
      await two.publish('3')
    },
  },
]

for (const { name, lose } of losses) {
  test(`an acknowledged event that Redis lost, and that ${name}, is a gap on every worker`, async () => {
    const [one, two] = [await started('one'), await started('two')]
    await one.publish('1')
    for (const worker of [one, two]) await worker.sees(['1'])
    await keepCopy()

    await lose(one, two)
    for (const { redis } of [one, two]) void redis.listener.connect()
    await two.publish('last')

    for (const worker of [one, two]) {
      await until(`gap and last; it saw ${worker.seen.join(' ')}`, 10_000, () => {
        return worker.seen.includes('gap') && worker.seen.includes('last')
      })
      assert.equal(new Set(worker.ids).size, worker.ids.length)
    }
    // Also for a worker that comes later: what was before the loss is no position any more.
    const three = await started('three')
    await three.publish('after')
    assert.ok(!three.seen.includes('1'))
  })
}

test('an acknowledged event that Redis lost before anyone had read it is a gap, also when nothing more is published', async () => {
  const [one, two] = [await started('one'), await started('two')]
  await one.publish('1')
  for (const worker of [one, two]) await worker.sees(['1'])
  await keepCopy()
  await Promise.all([one, two].map(deafen))
  await one.publish('lost')
  await returnToCopy()

  for (const { redis } of [one, two]) void redis.listener.connect()

  for (const worker of [one, two]) await worker.sees(['1', 'gap'])
})

test('out of memory, Redis makes room from the log', async () => {
  const one = await started('one', { logBytesMax: 100_000_000 })
  for (let n = 0; n < 40; n += 1) await one.publish('x'.repeat(50_000))
  await cli('config', 'set', 'maxmemory-policy', 'noeviction')
  const used = Number(/used_memory:(\d+)/.exec(await cli('info', 'memory'))?.[1])
  await cli('config', 'set', 'maxmemory', String(used - 200_000))

  await one.bus.publish(draft('1'))

  await until('it', 5000, () => one.seen.at(-1) === '1')
  assert.match(await cli('xlen', 'sse-lab:log'), /^31$/m)
})

test('an end of the log that somebody has overwritten or deleted is a gap, and publishing goes on', async () => {
  const one = await started('one')
  await one.publish('1')
  await cli('set', 'sse-lab:log-end', 'nonsense')
  await one.publish('2')
  await until('2', 5000, () => one.seen.includes('2'))
  await cli('del', 'sse-lab:log-end', 'sse-lab:log-marker')
  await one.publish('3')
  await until('3', 5000, () => one.seen.includes('3'))
  await one.publish('4')
  await until('4', 5000, () => one.seen.includes('4'))

  assert.deepEqual(
    one.seen.filter(data => data !== 'gap'),
    ['1', '2', '3', '4'],
  )
  assert.equal(one.seen[1], 'gap')
})

test('what is not ours in the log is passed over', async () => {
  await cli('xadd', 'sse-lab:log', '*', 'foo', 'bar')
  const one = new Worker(url, 'one')
  workers.push(one)
  await one.start()
  await cli('xadd', 'sse-lab:log', '*', 'foo', 'bar')
  await one.publish('1')

  await one.sees(['gap', '1'])
})

test('past their bound Idempotency-Keys are refused, and publishes without one go on', async () => {
  const one = await started('one')
  const fill = `for n = 1, ${onceKeysMax} do redis.call('HSET', 'sse-lab:once', n, 'x 0-0') end`
  await cli('eval', fill, '0')

  await assert.rejects(one.bus.publish(draft('1'), { key: 'one more' }), TooManyKeys)
  await one.publish('2')

  await one.sees(['2'])
})

test('over a link too narrow for a whole page a worker reads smaller ones', async () => {
  const one = await started('one', { logBytesMax: 10_000_000 })
  const large = 'x'.repeat(30_000)
  for (let n = 0; n < 100; n += 1) await one.publish(large)
  await using toxiproxy = await Toxiproxy.start()
  const link = await toxiproxy.open('narrow', 6399, 'log-redis:6379')
  await link.narrow(700)

  const two = new Worker(`redis://127.0.0.1:${link.port}`, 'two')
  workers.push(two)
  await two.start()

  assert.equal(two.seen.filter(data => data === large).length, 100)
})

test('the last id is asked of Redis itself', async () => {
  const one = await started('one')
  assert.equal(await one.bus.log.lastId(), '0-0')

  const id = await one.publish('1')

  assert.equal(await one.bus.log.lastId(), id)
  assert.ok(one.bus.log.compare(idAbove(id), id) > 0)
})
