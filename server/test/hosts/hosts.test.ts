import assert from 'node:assert/strict'
import { afterEach, before, test, type TestContext } from 'node:test'
import { until } from '@sse-lab/testkit/wait.ts'
import { partitionOf } from '../../src/partitions/scope.ts'
import { assertNothingLost, assertWhole, Fleet } from './fleet.ts'
import {
  ask,
  cutOff,
  healed,
  hosts,
  letThrough,
  masters,
  on,
  ownersOf,
  promote,
  toHost,
  toService,
  shards,
  type Place,
} from './hosts.ts'

// `make hosts` is up. Each strike is done under load, and leaves all of it healed.
const partitions = 12

before(healed)

// Also what a failed strike has left.
afterEach(async () => {
  for (const host of hosts) {
    await toHost(host, 'start')
    await letThrough(host).catch(() => undefined)
    for (const shard of shards) await toService(host, shard, 'unpause').catch(() => undefined)
  }
})

/** Strikes under load, waits until all is well again and the load goes on, and returns what each reader lacks. */
async function strike(t: TestContext, run: string, act: (fleet: Fleet) => Promise<void>) {
  using fleet = await Fleet.start(run)
  await act(fleet)
  await healed()
  await fleet.goesOn()
  const { said, audits } = await fleet.end()
  t.diagnostic(said)
  return audits
}

/** Who has the log of the fleet's first scope. */
async function struck(fleet: Fleet): Promise<{ master: Place; replicas: [Place, Place] }> {
  const { master, replicas } = await ownersOf(partitionOf(fleet.topic(0), partitions))
  const [one, other] = replicas
  assert.ok(one && other)
  return { master, replicas: [one, other] }
}

test('while the servers of all hosts are replaced one after another, nothing is lost', async t => {
  const audits = await strike(t, 'rolling', async () => {
    await on(1, 'service', 'update', '--quiet', '--force', '--detach=false', 'sse_server')
  })
  assertWhole(audits)
})

test('when every server is killed at once, nothing is lost', async t => {
  const audits = await strike(t, 'all', async () => {
    await Promise.all(hosts.map(async host => await toService(host, 'server', 'kill')))
  })
  assertWhole(audits)
})

test('a failover of Redis by hand loses nothing, and no gap is told', async t => {
  const audits = await strike(t, 'by-hand', async fleet => await promote((await struck(fleet)).replicas[0]))
  assertWhole(audits)
})

test('a log moves to another master while it is read and written: nothing is lost, and no gap is told', async t => {
  const audits = await strike(t, 'slot', async fleet => {
    const { master } = await struck(fleet)
    const all = await masters()
    const target = all.find(it => it.shard !== master.shard)
    assert.ok(target)
    const slot = await ask(
      master,
      'cluster',
      'keyslot',
      `sse-lab:{${partitionOf(fleet.topic(0), partitions)}}:log`,
    )
    const [from, to] = [await ask(master, 'cluster', 'myid'), await ask(target, 'cluster', 'myid')]
    await ask(target, 'cluster', 'setslot', slot, 'importing', from)
    await ask(master, 'cluster', 'setslot', slot, 'migrating', to)
    const keys = (await ask(master, 'cluster', 'getkeysinslot', slot, '100')).split('\n').filter(Boolean)
    for (const key of keys)
      await ask(master, 'migrate', `${target.shard}-host-${target.host}`, '6379', key, '0', '5000')
    for (const place of [target, master, ...all]) await ask(place, 'cluster', 'setslot', slot, 'node', to)
  })
  assertWhole(audits)
})

test('a master stands still after both replicas had lost touch: nothing that was acknowledged is lost', async t => {
  const audits = await strike(t, 'lagging', async fleet => {
    const { master, replicas } = await struck(fleet)
    for (const { host, shard } of replicas) await toService(host, shard, 'pause')
    // Else they would find in their sockets what they missed.
    await ask(master, 'client', 'kill', 'type', 'replica')
    const refused = fleet.unacknowledged(0)
    await until('a publish to be refused', 10_000, () => fleet.unacknowledged(0) > refused)
    await toService(master.host, master.shard, 'pause')
    for (const { host, shard } of replicas) await toService(host, shard, 'unpause')
    await until('another master', 20_000, async () =>
      (await Promise.all(replicas.map(async it => await ask(it, 'role')))).some(it =>
        it.startsWith('master'),
      ),
    )
    await toService(master.host, master.shard, 'unpause')
  })
  assertNothingLost(audits)
})

test('a master of Redis is killed: nothing that was acknowledged is lost', async t => {
  const audits = await strike(t, 'master', async fleet => {
    const { master } = await struck(fleet)
    await toService(master.host, master.shard, 'kill')
  })
  assertNothingLost(audits)
})

test('a host without a master of Redis is killed: nothing is lost, and its readers go to the others', async t => {
  for (const { shard, host } of await masters()) if (host === 3) await promote({ shard, host: 2 })
  const audits = await strike(t, 'host', async fleet => {
    await toHost(3, 'kill')
    await fleet.goesOn()
    await toHost(3, 'start')
  })
  assertWhole(audits)
})

test('the host of a master is killed: nothing that was acknowledged is lost', async t => {
  const audits = await strike(t, 'host-of-master', async fleet => {
    // Whoever leads the swarm stays.
    await promote({ shard: (await struck(fleet)).master.shard, host: 3 })
    assert.equal((await struck(fleet)).master.host, 3)
    await toHost(3, 'kill')
    await fleet.goesOn()
    await toHost(3, 'start')
  })
  assertNothingLost(audits)
})

test('a host that is cut off from all others, and comes back: nothing is lost', async t => {
  for (const { shard, host } of await masters()) if (host === 3) await promote({ shard, host: 2 })
  const audits = await strike(t, 'cut-off', async fleet => {
    await cutOff(3)
    await fleet.goesOn()
    await until('swarm to give it up', 60_000, async () =>
      (await on(1, 'node', 'ls', '--format', '{{.Hostname}} {{.Status}}')).includes('host-3 Down'),
    )
    assert.match(await ask({ shard: 'redis-a', host: 1 }, 'cluster', 'nodes'), /host-3 \S*fail/)
    await letThrough(3)
  })
  assertWhole(audits)
})
