import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { Cluster } from 'ioredis'
import { until } from '@sse-lab/testkit/wait.ts'
import { HubUnderLoad } from './hub-under-load.ts'
import { startCluster, type RedisGroup } from './redis-groups.ts'
import { createSse } from '../../src/sse.ts'
import { idOf, mastersOf, ownersOfLog, slotOfLog } from './owners.ts'

const whole = { lost: [], doubled: [], disordered: [], gaps: 0 }

const open = async ({ url }: RedisGroup) => await HubUnderLoad.start({ redis: url, redisMode: 'cluster' })

test('in a cluster, servers share one log, and a failover by hand costs no event and no gap', async t => {
  await using cluster = await startCluster()
  await using hub = await open(cluster)
  const { replicas } = await ownersOfLog(cluster)

  await hub.during(async () => {
    await replicas[0]?.cli('cluster', 'failover')
    await until(
      'the replica to be master',
      10_000,
      async () => (await replicas[0]?.info('role')) === 'master',
    )
  })

  t.diagnostic(hub.summary)
  for (const audit of await hub.audits()) assert.deepEqual(audit, whole)
})

test('in a cluster whose master is killed, what was acknowledged arrives, or a gap is told', async t => {
  await using cluster = await startCluster()
  await using hub = await open(cluster)
  const { master } = await ownersOfLog(cluster)

  await hub.during(async () => await master.kill())

  t.diagnostic(hub.summary)
  for (const { lost, doubled, disordered, gaps } of await hub.audits()) {
    assert.deepEqual(disordered, [])
    // What a master takes along is lost to who had not read it, and comes twice to who had, when it is repeated.
    assert.ok(lost.length + doubled.length === 0 || gaps > 0, `${lost.length} lost without a gap`)
  }
})

test('in a cluster whose master dies before its replica has all, every stream is told of the gap, and ids go on growing', async t => {
  await using cluster = await startCluster()
  await using hub = await open(cluster)
  const { master, replicas } = await ownersOfLog(cluster)

  await hub.during(async () => {
    replicas[0]?.signal('SIGSTOP')
    // Else it would find megabytes of them in its socket.
    await master.cli('client', 'kill', 'type', 'replica')
    const before = hub.acknowledged
    await until('events that the replica does not have', 5000, () => hub.acknowledged > before + 50)
    await master.kill()
    replicas[0]?.signal('SIGCONT')
  })

  t.diagnostic(hub.summary)
  for (const { lost, doubled, disordered, gaps } of await hub.audits()) {
    assert.deepEqual(disordered, [])
    assert.ok(gaps > 0, `no gap, ${lost.length} lost, ${doubled.length} duplicate`)
  }
})

test('while the slot of the log moves to another master, nothing is lost, duplicate or out of order, and no gap is told', async t => {
  await using cluster = await startCluster()
  await using hub = await open(cluster)
  const { master } = await ownersOfLog(cluster)
  const others = await mastersOf(cluster)
  const target = others.find(node => node !== master)
  assert.ok(target)
  const slot = await slotOfLog(master)
  const [from, to] = [await idOf(master), await idOf(target)]

  await hub.during(async () => {
    await target.cli('cluster', 'setslot', slot, 'importing', from)
    await master.cli('cluster', 'setslot', slot, 'migrating', to)
    // From here on commands for keys that are gone are answered with ASK, and those for keys of both sides with TRYAGAIN.
    const keys = (await master.cli('cluster', 'getkeysinslot', slot, '100')).split('\n').filter(Boolean)
    for (const key of keys) {
      const before = hub.unacknowledged
      await master.cli('migrate', '127.0.0.1', `${target.port}`, key, '0', '5000')
      // Half of a log is on each side: then nothing can be published, which is said with 503.
      if (key !== keys.at(-1)) await until('a publish to be refused', 5000, () => hub.unacknowledged > before)
    }
    for (const node of [target, master, ...others]) await node.cli('cluster', 'setslot', slot, 'node', to)
  })

  t.diagnostic(hub.summary)
  for (const audit of await hub.audits()) assert.deepEqual(audit, whole)
})

test('in a cluster, a publish without a key whose connection breaks is not sent again behind its back', async t => {
  await using cluster = await startCluster()
  await using hub = await open(cluster)
  const { master } = await ownersOfLog(cluster)
  const [server] = hub.servers
  const redis = server?.sse.redis
  assert.ok(server !== undefined && redis instanceof Cluster)
  const { sse } = server

  await sse.publish('orders/1', 'first 0')
  master.signal('SIGSTOP')
  const published = sse.publish('orders/1', 'unanswered 0')
  // It is on its way when the connection ends.
  await setImmediate()
  for (const node of redis.nodes('master')) if (node.options.port === master.port) node.stream.destroy()
  master.signal('SIGCONT')
  await assert.rejects(published, { code: 'away' })

  t.diagnostic(hub.summary)
  for (const audit of await hub.audits()) assert.deepEqual(audit, whole)
  for (const { received } of hub.streams)
    assert.deepEqual(
      received.map(({ publisher }) => publisher),
      ['first', 'unanswered', 'end'],
    )
})

test('in a cluster a prefix stands before every key, and several logs are on several masters', async t => {
  await using cluster = await startCluster()
  const more = { keyPrefix: 'app:', partitions: 12, confirm: 1 }
  const sse = createSse({ redis: cluster.url, redisMode: 'cluster', drainMs: 100, ...more })
  t.after(async () => await sse.drain())
  await sse.untilReady()

  for (let n = 0; n < 40; n += 1) await sse.publish(`tenant-${n}/a`, n, { idempotencyKey: `${n}` })

  const masters = await mastersOf(cluster)
  const keys = await Promise.all(
    masters.map(async node => (await node.cli('keys', '*')).split('\n').filter(Boolean)),
  )
  assert.deepEqual(
    keys.flat().filter(key => !/^app:sse-lab:\{\d+\}:(log|log-end|log-confirm|once)$/.test(key)),
    ['app:sse-lab:logs'],
  )
  assert.equal(keys.flat().filter(key => key.endsWith(':log')).length, 12)
  for (const some of keys) assert.ok(some.length > 0, 'a master without a log')
})
