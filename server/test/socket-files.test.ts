import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, afterEach, test } from 'node:test'
import { Publisher } from '@sse-lab/testkit/publisher.ts'
import { closeStreams, TestStream } from '@sse-lab/testkit/stream.ts'
import { docker, readWorkers, startNginx, startRedis, startServer } from '@sse-lab/testkit/stack.ts'
import { until } from '@sse-lab/testkit/wait.ts'
import { assertWhole } from '@sse-lab/testkit/whole.ts'

const base = 'http://socket-nginx'
const sockets = `sse-lab-sockets-${randomUUID()}`
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

/** The hosts of the workers that hold the clients; undefined while one of them has none. */
function hostsOf(clients: readonly TestStream[]): string[] | undefined {
  const workers = clients.map(({ worker }) => worker)
  if (workers.includes(undefined)) return undefined
  return [...new Set(workers.map(worker => worker?.split('/')[0] ?? ''))]
}

// No way but the file: whatever is answered came through it.
function overFile(text: string): string {
  return text
    .replace('include broken.conf;', '')
    .replace('    server server:3000 resolve max_fails=0;\n', '')
    .replace('# server unix:', 'server unix:')
}

test('through a socket file events reach both workers, a container is replaced without a loss, and a killed one comes back', async () => {
  resources.use(await startRedis('socket-redis'))
  const first = await start('socket-a')
  resources.use(await startNginx('socket-nginx', overFile, { sockets }))
  const topic = randomUUID()
  const clients = Array.from({ length: 12 }, () => TestStream.returning(`${base}/events?topic=${topic}`))
  await until('all clients to be greeted', 5000, () => hostsOf(clients))
  assert.equal(new Set(clients.map(({ worker }) => worker)).size, 2, 'both workers hold streams')
  const publisher = new Publisher({ name: 'socket', topic, repeats: true })
  publisher.start(base, 20, 10_000)

  const second = await start('socket-b')
  // A worker that is replaced in the old container must not take the way back there: it would end with that container.
  await docker('exec', first.id, 'npx', 'pm2', 'reload', 'server')
  const undecided = TestStream.returning(`${base}/events?topic=${topic}`)
  await undecided.greeted()
  assert.deepEqual(hostsOf([undecided]), [second.host])
  await docker('stop', first.id)
  await until(
    'all clients to be with the new container',
    10_000,
    () => hostsOf(clients)?.join() === second.host,
  )
  // Node removes the file that it listened on: this one is the new container's, and must still be there.
  const newcomer = TestStream.returning(`${base}/events?topic=${topic}`)
  await newcomer.greeted()

  await docker('kill', second.id)
  await until('all clients to be cut', 5000, () => clients.every(({ worker }) => worker === undefined))
  await docker('start', second.id)
  await isReady('socket-b', second.host)
  // While there is nobody behind it, nginx tells up to 10.5 s, and may do so twice.
  await until('all clients to be back', 30_000, () => hostsOf(clients)?.join() === second.host)

  await publisher.stop()
  assert.ok(publisher.acknowledged.length > 20)
  await assertWhole(publisher, clients)
})
