import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import { BusRefused } from '../src/bus/errors.ts'
import { readLogEntry } from '../src/bus/streams/log-entry.ts'
import { draft, Worker } from './support/bus-worker.ts'
import { docker, startRedis } from '@sse-lab/testkit/stack.ts'
import { until } from '@sse-lab/testkit/wait.ts'

/** A Redis that is there and says no, or holds what no worker has written. */
const host = 'strict-redis'
let container: Awaited<ReturnType<typeof startRedis>>
const workers: Worker[] = []

const cli = async (...args: string[]) =>
  (await docker('exec', container.getId(), 'redis-cli', ...args)).trim()
const logLength = async () => Number(await cli('xlen', 'sse-lab:log'))

async function started(url = `redis://${host}:6379`, own = {}): Promise<Worker> {
  const worker = new Worker(url, 'one', own)
  workers.push(worker)
  await worker.start()
  worker.seen = []
  return worker
}

before(async () => {
  container = await startRedis(host)
})
beforeEach(async () => {
  await until('Redis', 10_000, async () => (await cli('flushall')) === 'OK')
})
afterEach(async () => {
  for (const worker of workers.splice(0)) await worker.close()
})
after(async () => {
  await container.stop()
})

/** The refusal of a publish with a key. */
async function refusal(worker: Worker): Promise<Error> {
  return await worker.bus.publish(draft('1'), { key: 'k' }).then(
    () => assert.fail('it was taken'),
    (error: unknown) => {
      assert.ok(error instanceof BusRefused && error.cause instanceof Error, String(error))
      return error.cause
    },
  )
}

for (const key of ['sse-lab:once', 'sse-lab:log-end', 'sse-lab:log']) {
  test(`a publish that Redis refuses because of ${key} says so, and is not in the log`, async () => {
    const worker = await started()
    await worker.publish('0')
    await cli('del', key)
    await cli('rpush', key, 'x')
    const length = key === 'sse-lab:log' ? 0 : await logLength()

    assert.match((await refusal(worker)).message, /^WRONGTYPE/)

    if (key !== 'sse-lab:log') assert.equal(await logLength(), length)
  })
}

for (const command of ['xadd', 'set', 'get', 'hget', 'hsetex', 'xrange', 'xtrim', 'xlen', 'eval|evalsha']) {
  test(`where ${command} is forbidden a publish is refused, and is not in the log`, async () => {
    const forbidden = command.split('|').map(name => `-${name}`)
    await cli('acl', 'setuser', 'limited', 'reset', 'on', '>word', '~*', '&*', '+@all', ...forbidden)
    const worker = await started(`redis://limited:word@${host}:6379`)

    assert.match((await refusal(worker)).message, /NOPERM|permission|ACL/)

    assert.equal(await logLength(), 0)
    // Where HSETEX alone is missing, as in Redis 7, publishes without a key go on.
    if (command === 'hsetex') await worker.publish('2')
  })
}

test('a marker that cannot be added whole is not added, and its reason is not said at each attempt', async () => {
  await cli('acl', 'setuser', 'limited', 'reset', 'on', '>word', '~*', '&*', '+@all')
  const worker = await started(`redis://limited:word@${host}:6379`)
  await worker.publish('1')
  await worker.sees(['1'])
  await cli('acl', 'setuser', 'limited', '-set')

  await cli('flushall')
  const attempts = async () => {
    const failed = (await cli('info', 'commandstats')).matchAll(/cmdstat_eval.*failed_calls=(\d+)/g)
    return [...failed].reduce((sum, [, calls]) => sum + Number(calls), 0)
  }
  const begun = await attempts()
  await until('some attempts', 15_000, async () => (await attempts()) > begun + 5)

  assert.equal(await logLength(), 0)
  assert.equal(worker.lines.filter(({ msg }) => /cannot be read/.test(msg)).length, 1)
  assert.equal(worker.lines.filter(({ msg }) => /lost events/.test(msg)).length, 1)
  await cli('acl', 'setuser', 'limited', '+set')
  await worker.sees(['1', 'gap'])
  await until('a word', 5000, () => worker.lines.some(({ msg }) => msg === 'the log can be read again'))
})

test('ten thousand entries that are none of ours are one line with their number', async () => {
  await cli('eval', `for n = 1, 10000 do redis.call('XADD', 'sse-lab:log', '*', 'foo', 'bar') end`, '0')

  const worker = await started()

  const ignored = worker.lines.filter(({ msg }) => /ignored/.test(msg))
  assert.deepEqual(
    ignored.map(({ times }) => times),
    [10_000],
  )
})

const chain = ['start', '0', 'end', '9', 'after', '0-0']
const forged: Record<string, string[]> = {
  'a type with a line break': [...chain, 'topic', 'a', 'type', 'x\nid: 9-9\nevent: hello', 'data', 'forged'],
  'a reserved type': [...chain, 'topic', 'a', 'type', 'hello', 'data', 'forged'],
  'an empty type': [...chain, 'topic', 'a', 'type', '', 'data', 'forged'],
  'a type that is too long': [...chain, 'topic', 'a', 'type', 'x'.repeat(257), 'data', 'forged'],
  'a bad topic': [...chain, 'topic', 'a b', 'data', 'forged'],
  'no topic': [...chain, 'data', 'forged'],
  'an empty topic': [...chain, 'topic', '', 'data', 'forged'],
  'no data': [...chain, 'topic', 'a'],
  'an end before its start': ['start', '9', 'end', '0', 'after', '0-0', 'topic', 'a', 'data', 'forged'],
  'a start that is no number': ['start', '', 'end', '9', 'after', '0-0', 'topic', 'a', 'data', 'forged'],
  'an end that is not finite': [
    'start',
    '0',
    'end',
    'Infinity',
    'after',
    '0-0',
    'topic',
    'a',
    'data',
    'forged',
  ],
  'a predecessor that is no id': ['start', '0', 'end', '9', 'after', 'x', 'topic', 'a', 'data', 'forged'],
}
for (const [name, fields] of Object.entries(forged)) {
  test(`an entry with ${name} is none for the streams`, () => {
    assert.equal(readLogEntry(['1-0', fields]), undefined)
  })
}

test('what is forged in the log reaches no stream, and what is published around it does', async () => {
  const worker = await started()
  await worker.publish('1')
  for (const fields of Object.values(forged)) await cli('xadd', 'sse-lab:log', '*', ...fields)
  await worker.publish('2')

  await worker.sees(['1', '2'])
})

test('the lag is that of events that somebody waited for, not the age of the log', async () => {
  await (await started()).publish('1')
  await until('a second to pass in Redis', 5000, async () => {
    const [entry = ''] = (await cli('xrevrange', 'sse-lab:log', '+', '-')).split('-')
    return Number((await cli('time')).split('\n')[0]) * 1000 > Number(entry) + 1000
  })

  const late = await started()
  const atStart = late.bus.lagMs
  await late.publish('2')
  await late.sees(['2'])
  const { lagMs } = late.bus

  assert.equal(atStart, null)
  assert.ok(lagMs !== null && lagMs < 1000, String(lagMs))
})

/** A log of many small events, as publishing with wide bounds leaves it. */
async function fillLog(entries: number): Promise<void> {
  const lua = `local after = '0-0'
    for n = 1, ${entries} do
      after = redis.call('XADD', 'sse-lab:log', n .. '-0', 'start', (n - 1) * 100, 'end', n * 100, 'after', after, 'topic', 'a', 'data', string.rep('x', 60))
    end
    redis.call('SET', 'sse-lab:log-end', ${entries} * 100 .. ' ' .. after)`
  await cli('eval', lua, '0')
}

const smaller = [
  { name: 'events', bounds: { logEventsMax: 1000 } },
  { name: 'bytes', bounds: { logEventsMax: 1_000_000, logBytesMax: 100_000 } },
]
for (const { name, bounds } of smaller) {
  test(`after a smaller bound of ${name} each publish trims some hundred entries, until the bound is reached`, async () => {
    await fillLog(5000)
    const worker = await started(undefined, bounds)

    let length = 5000
    for (let publishes = 0; length > 1050; publishes += 1) {
      assert.ok(publishes < 100, `${length} entries after ${publishes} publishes`)
      await worker.publish('x'.repeat(60))
      const next = await logLength()
      assert.ok(length - next <= 500, `from ${length} to ${next}`)
      assert.ok(length - next > 50 || next <= 1050, `from ${length} to ${next}`)
      length = next
    }
    await worker.publish('last')

    await until('it', 5000, () => worker.seen.at(-1) === 'last')
    assert.ok(!worker.seen.includes('gap'))
  })
}

test('what goes when memory is out goes in steps', async () => {
  await fillLog(90_000)
  const worker = await started(undefined, { logEventsMax: 1_000_000, logBytesMax: 100_000_000 })
  const used = Number(/used_memory:(\d+)/.exec(await cli('info', 'memory'))?.[1])
  await cli('config', 'resetstat')
  await cli('config', 'set', 'maxmemory', String(used - 700_000))

  try {
    await worker.bus.publish(draft('1'))
  } finally {
    await cli('config', 'set', 'maxmemory', '0')
  }

  assert.equal(await logLength(), 67_501)
  assert.match(await cli('info', 'commandstats'), /cmdstat_xtrim:calls=3,/)
})
