import assert from 'node:assert/strict'
import { test } from 'node:test'
import { post, publish } from '@sse-lab/testkit/publish.ts'
import { TestStream } from '@sse-lab/testkit/stream.ts'
import { until } from '@sse-lab/testkit/wait.ts'
import { partitionOf } from '../../src/partitions/scope.ts'
import { HubUnderLoad } from './hub-under-load.ts'
import { startCluster, startWatched, type RedisGroup } from './redis-groups.ts'
import { ownersOfLog } from './owners.ts'
import type { RedisProcess } from './redis-process.ts'

const partitions = 12

type Owners = { master: RedisProcess; replicas: RedisProcess[] }

const modes = [
  { redisMode: 'cluster', start: async () => await startCluster({ replicas: 2 }), owners: ownersOfLog },
  {
    redisMode: 'sentinel',
    start: async () => await startWatched(),
    owners: async ({ nodes: [master, ...replicas] }: RedisGroup): Promise<Owners> => {
      assert.ok(master)
      return { master, replicas }
    },
  },
] as const

for (const { redisMode, start, owners } of modes) {
  test(`${redisMode}: with CONFIRM=1 a master that is killed takes no acknowledged event with it`, async t => {
    await using group = await start()
    await using hub = await HubUnderLoad.start({ redis: group.url, redisMode, confirm: 1 })
    const { master } = await owners(group)

    await hub.during(async () => await master.kill())

    t.diagnostic(hub.summary)
    for (const { lost, doubled, disordered, gaps } of await hub.audits()) {
      assert.deepEqual([lost, disordered], [[], []])
      assert.ok(doubled.length === 0 || gaps > 0, `duplicate without a gap: ${doubled.join(' ')}`)
    }
  })

  test(`${redisMode}: with CONFIRM=1 nothing is acknowledged that no replica has, also when it is repeated elsewhere; it may arrive`, async () => {
    await using group = await start()
    await using hub = await HubUnderLoad.start({ redis: group.url, redisMode, confirm: 1 })
    const { master, replicas } = await owners(group)
    const [one, two] = hub.servers.map(({ base }) => base)
    assert.ok(one !== undefined && two !== undefined)
    await publish(one, { topic: 'a', data: 'before' })
    await publish(two, { topic: 'a', data: 'before' })
    await using stream = await TestStream.open(`${one}/events?topic=a`)
    await stream.greeted()

    for (const replica of replicas) replica.signal('SIGSTOP')
    const key = { 'idempotency-key': 'k' }
    // On a machine that stands still for a moment, the server may give up on Redis before Redis answers: bus-away.
    const first = await until('a publish that is not confirmed', 15_000, async () => {
      const answer = await post(one, { topic: 'a', data: 'in doubt' }, key)
      return (answer.status !== 503 || answer.body.includes('"not-confirmed"')) && answer
    })
    const arrived = await stream.next(event => event.data === 'in doubt', { withinMs: 5000 })
    // A repeated publish writes nothing, so there is nothing of its own that a replica could have.
    const again = await Promise.all(
      [one, two].map(async base => await post(base, { topic: 'a', data: 'in doubt' }, key)),
    )
    for (const replica of replicas) replica.signal('SIGCONT')

    for (const { status, body } of [first, ...again]) {
      assert.equal(status, 503, body)
      assert.match(body, /not-confirmed|bus-away/)
    }
    const late = await until('it to be confirmed', 15_000, async () =>
      publish(two, { topic: 'a', data: 'in doubt' }, key),
    )
    assert.equal(late.id, arrived.id)
    assert.equal(stream.events.filter(({ data }) => data === 'in doubt').length, 1)
    assert.equal(await master.info('role'), 'master')
  })
}

test('with twelve logs and CONFIRM=1 a master that is killed takes no acknowledged event with it', async t => {
  await using group = await startCluster({ replicas: 2 })
  const options = { redis: group.url, redisMode: 'cluster', confirm: 1, partitions } as const
  await using hub = await HubUnderLoad.start(options, 'orders/1')
  const { master } = await ownersOfLog(group, partitionOf('orders/1', partitions))

  await hub.during(async () => await master.kill())

  t.diagnostic(hub.summary)
  for (const { lost, doubled, disordered, gaps } of await hub.audits()) {
    assert.deepEqual([lost, disordered], [[], []])
    assert.ok(doubled.length === 0 || gaps > 0, `duplicate without a gap: ${doubled.join(' ')}`)
  }
})

test('with CONFIRM=1 a master that dies before any replica has all takes no acknowledged event with it', async t => {
  await using group = await startCluster({ replicas: 2 })
  await using hub = await HubUnderLoad.start({ redis: group.url, redisMode: 'cluster', confirm: 1 })
  const { master, replicas } = await ownersOfLog(group)

  await hub.during(async () => {
    for (const replica of replicas) replica.signal('SIGSTOP')
    await master.cli('client', 'kill', 'type', 'replica')
    const { base = '' } = hub.servers[0] ?? {}
    const { status } = await post(base, { topic: 'orders/1', data: 'doubtful 0' })
    assert.equal(status, 503)
    for (const { received } of hub.streams)
      await until('it to arrive', 5000, () => received.some(({ publisher }) => publisher === 'doubtful'))
    await master.kill()
    for (const replica of replicas) replica.signal('SIGCONT')
  })

  t.diagnostic(hub.summary)
  for (const { lost, disordered, gaps } of await hub.audits()) {
    assert.deepEqual([lost, disordered], [[], []])
    // Streams had seen what was not acknowledged. It is gone, with its key, and comes again when it is repeated.
    assert.ok(gaps > 0)
  }
})
