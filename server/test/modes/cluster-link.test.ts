import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { lookup } from 'node:dns'
import { test, type TestContext } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { until } from '@sse-lab/testkit/wait.ts'
import { openCluster } from '../../src/redis-cluster.ts'
import { linkOptions } from './link-options.ts'
import { mastersOf } from './owners.ts'
import { startCluster, type RedisGroup } from './redis-groups.ts'

/** A connection to the first node of a cluster by a name; `names.ms` is how long it takes to look one up. */
function open(t: TestContext, { nodes }: RedisGroup, names = { ms: 0 }) {
  const [first] = nodes
  assert.ok(first)
  const client = openCluster([{ host: 'a-node', port: first.port }], linkOptions, (_name, answer) => {
    setTimeout(() => answer(null, '127.0.0.1'), names.ms)
  })
  client.on('error', () => undefined)
  t.after(() => client.disconnect())
  return client
}

const isReady = async (client: ReturnType<typeof open>) =>
  await until(
    'the connection',
    10_000,
    () => client.status === 'ready',
    () => client.status,
  )

test('a node whose name has no address keeps nobody from the others', async t => {
  await using cluster = await startCluster()
  const [first] = cluster.nodes
  assert.ok(first)
  const addresses = [
    { host: 'no-such-node.invalid', port: 6379 },
    { host: '127.0.0.1', port: first.port },
  ]
  const client = openCluster(addresses, linkOptions, lookup)
  client.on('error', () => undefined)
  t.after(() => client.disconnect())

  await isReady(client)
})

/** A connection that is ready, and a server of it that says nothing any more. What is ended ends there after disconnectTimeout. */
async function openToSilent(t: TestContext, cluster: RedisGroup, names = { ms: 0 }) {
  const client = open(t, cluster, names)
  await isReady(client)
  const keys = ['a', 'b', 'c', 'd', 'e', 'f']
  await until('a connection to each master', 5000, async () => {
    const values = await Promise.all(keys.map(async key => await client.get(key)))
    return values.length > 0
  })
  // Not the one that it begins with.
  const silent = (await mastersOf(cluster)).find(node => node !== cluster.nodes[0])
  silent?.signal('SIGSTOP')
  const ends = { count: 0 }
  client.on('close', () => (ends.count += 1))
  return { client, ends }
}

test('a connection comes back that was lost to a silent server while names are looked up', async t => {
  await using cluster = await startCluster()
  const names = { ms: 0 }
  const { client, ends } = await openToSilent(t, cluster, names)

  // The others end at once, and the names are asked for; this one ends later.
  names.ms = 900
  client.disconnect(true)
  await until('both ends', 5000, () => ends.count >= 2)

  await isReady(client)
})

test('a connection that was ended for good stays ended, also when a silent server ends it later', async t => {
  await using cluster = await startCluster()
  const { client, ends } = await openToSilent(t, cluster)

  const servers = client.nodes().length
  client.disconnect()
  await until('the end of each, the silent one last', 5000, () => ends.count >= servers)

  // It would begin again in the next turn.
  await setImmediate()
  await setImmediate()
  assert.equal(client.status, 'close')
})

test('connections that were ended for good keep no process from its end, whatever they were doing', async t => {
  await using cluster = await startCluster()
  const ports = cluster.nodes.map(({ port }) => `${port}`)
  const file = fileURLToPath(new URL('ended-connections.ts', import.meta.url))
  const child = spawn(process.execPath, [file, ...ports], { stdio: 'inherit' })
  t.after(() => child.kill('SIGKILL'))

  await until('its end', 40_000, () => child.exitCode !== null || child.signalCode !== null)
  assert.equal(child.exitCode, 0)
})
