import assert from 'node:assert/strict'
import { test } from 'node:test'
import { until } from '@sse-lab/testkit/wait.ts'
import { HubUnderLoad } from './hub-under-load.ts'
import { startWatched, type RedisGroup } from './redis-groups.ts'

const open = async ({ url }: RedisGroup) => await HubUnderLoad.start({ redis: url, redisMode: 'sentinel' })

const strikes: { name: string; strike: (group: RedisGroup) => Promise<void> }[] = [
  {
    name: 'is replaced by hand',
    async strike({ ask, nodes: [master] }) {
      await ask('sentinel', 'failover', 'mymaster')
      // It is told last, and takes writes until then.
      await until(
        'the old master to be a replica',
        30_000,
        async () => (await master?.info('role')) === 'slave',
      )
    },
  },
  { name: 'is killed', strike: async ({ nodes: [master] }) => await master?.kill() },
]

for (const { name, strike } of strikes) {
  test(`with Sentinel, while the master ${name}, what was acknowledged arrives, or a gap is told`, async t => {
    await using group = await startWatched('--min-replicas-to-write', '1', '--min-replicas-max-lag', '2')
    await using hub = await open(group)

    await hub.during(async () => await strike(group))

    t.diagnostic(hub.summary)
    for (const { lost, doubled, disordered, gaps } of await hub.audits()) {
      assert.deepEqual(disordered, [])
      assert.ok(lost.length + doubled.length === 0 || gaps > 0, `${lost.length} lost without a gap`)
    }
    const address = await group.ask('sentinel', 'get-master-addr-by-name', 'mymaster')
    assert.ok(!address.includes(`${group.nodes[0]?.port}`), address)
  })
}
