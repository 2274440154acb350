import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, afterEach, test } from 'node:test'
import { audit, auditText } from '@sse-lab/testkit/ledger.ts'
import { Publisher } from '@sse-lab/testkit/publisher.ts'
import { closeStreams, TestStream } from '@sse-lab/testkit/stream.ts'
import { docker, readWorkers, startNginx, startRedis, startServer } from '@sse-lab/testkit/stack.ts'
import { until } from '@sse-lab/testkit/wait.ts'
import { assertWhole } from '@sse-lab/testkit/whole.ts'

const base = 'http://socket-nginx'
const sockets = `sse-lab-sockets-${randomUUID()}`
const topic = randomUUID()
const resources = new AsyncDisposableStack()

afterEach(closeStreams)
after(async () => {
  await resources.disposeAsync()
  await docker('volume', 'rm', '--force', sockets)
})

/** Starts a server of two workers on the shared volume, and returns its container's id and its name as a host. */
async function start(alias: string): Promise<{ id: string; host: string }> {
  const env = {
    SOCKET: '/run/lab/server.sock',
    REDIS_URL: 'redis://socket-redis:6379',
    WORKERS: '2',
    DRAIN_MS: '1000',
    RETRY_MS_MIN: '50',
    RETRY_MS_MAX: '100',
  }
  const id = resources.use(await startServer(alias, env, { sockets })).getId()
  const host = id.slice(0, 12)
  await isReady(alias, host)
  return { id, host }
}

async function isReady(alias: string, host: string): Promise<void> {
  await until(`${alias} to be ready`, 20_000, async () => {
    const { workers } = await readWorkers(`http://${alias}:3000`)
    return workers.filter(it => it.ready && it.host === host).length === 2
  })
}

/** How many of the clients each server holds, by its host; undefined while one of them has none. */
function sharesOf(clients: readonly TestStream[]): Record<string, number> | undefined {
  const shares: Record<string, number> = {}
  for (const { worker } of clients) {
    const host = worker?.split('/')[0]
    if (host === undefined) return undefined
    shares[host] = (shares[host] ?? 0) + 1
  }
  return shares
}

function openClients(count: number): TestStream[] {
  return Array.from({ length: count }, () => TestStream.returning(`${base}/events?topic=${topic}`))
}

/** Where the links lead, as a server sees them. */
async function linksOf({ id }: { id: string }): Promise<string> {
  return await docker('exec', id, 'sh', '-c', 'readlink /run/lab/server.sock.*')
}

async function allAt(host: string, clients: readonly TestStream[], withinMs: number): Promise<void> {
  await until(
    `all to be at ${host}`,
    withinMs,
    () => sharesOf(clients)?.[host] === clients.length,
    () => sharesOf(clients),
  )
}

/** Opens twelve, and asserts that both hold some of them: publishes take their turns, too, so it is not always six. */
async function openShared(hosts: readonly string[]): Promise<TestStream[]> {
  const clients = openClients(12)
  const shares = await until('newcomers to be greeted', 5000, () => sharesOf(clients))
  assert.deepEqual(Object.keys(shares).toSorted(), hosts.toSorted())
  for (const share of Object.values(shares)) assert.ok(share >= 3, JSON.stringify(shares))
  return clients
}

// No way but the files: the name is nobody's.
const fixedSide = (text: string) => text.replace('include broken.conf;', '')

test('through socket files streams are shared by all servers; whoever leaves, is killed, stands still or is replaced loses nothing', async () => {
  resources.use(await startRedis('socket-redis'))
  const first = await start('socket-a')
  resources.use(await startNginx('socket-nginx', fixedSide, { sockets }))
  const clients = openClients(12)
  await allAt(first.host, clients, 5000)
  assert.equal(new Set(clients.map(({ worker }) => worker)).size, 2, 'both workers hold streams')
  const publisher = new Publisher({ name: 'socket', topic, repeats: true })
  publisher.start(base, 20, 40_000)

  const second = await start('socket-b')
  const hosts = [first.host, second.host]
  clients.push(...(await openShared(hosts)))
  await docker('exec', first.id, 'npx', 'pm2', 'reload', 'server')
  await docker('stop', first.id)
  await allAt(second.host, clients, 10_000)

  await docker('kill', second.id)
  await until('all clients to be cut', 5000, () => clients.every(({ worker }) => worker === undefined))
  await docker('start', second.id)
  await isReady('socket-b', second.host)
  // While there is nobody behind the links, nginx tells up to 10.5 s, and may do so twice.
  await allAt(second.host, clients, 30_000)

  await docker('start', first.id)
  await isReady('socket-a', first.host)
  clients.push(...(await openShared(hosts)))
  await docker('kill', first.id)
  await allAt(second.host, clients, 10_000)

  await docker('start', first.id)
  await isReady('socket-a', first.host)
  await docker('pause', first.id)
  await until(
    'its links to lead to the other',
    15_000,
    async () => !(await linksOf(second)).includes(first.host),
  )
  const meanwhile = openClients(12)
  await allAt(second.host, meanwhile, 5000)
  await docker('unpause', first.id)
  await until('it to be found again', 15_000, async () => (await linksOf(second)).includes(first.host))
  clients.push(...meanwhile, ...(await openShared(hosts)))

  await publisher.stop()
  assert.ok(publisher.acknowledged.length > 100)
  await assertWhole(publisher, clients.slice(0, 12))
  for (const { received, gaps, fatal } of clients.slice(12)) {
    const joined = received[0]?.sequence ?? Infinity
    const due = publisher.acknowledged.filter(({ sequence }) => sequence >= joined)
    const found = audit(due, received)
    assert.deepEqual(found, { lost: [], doubled: [], disordered: [] }, auditText(found))
    assert.deepEqual([fatal, gaps], [undefined, []])
  }
})
