import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, test } from 'node:test'
import { docker } from '@sse-lab/testkit/stack.ts'
import { until } from '@sse-lab/testkit/wait.ts'
import { z } from 'zod'

const volume = `sse-lab-disk-${randomUUID()}`
const containers: string[] = []

after(async () => {
  if (containers.length > 0) await docker('rm', '--force', ...containers)
  await docker('volume', 'rm', '--force', volume)
})

const words = z.array(z.string())
const redis = z.object({ image: z.string(), user: z.string(), entrypoint: words, command: words })
const composeFile = z.object({ services: z.record(z.string(), z.unknown()) })

/** A Redis of a compose file, as compose reads it. */
async function read(file: string, service: string): Promise<z.output<typeof redis>> {
  const said = await docker('compose', '--file', file, 'config', '--format', 'json')
  return redis.parse(composeFile.parse(JSON.parse(said)).services[service])
}

/** Starts a Redis server as deploy/stack.yaml does, on the shared volume. Returns its container's id. */
async function startRedis(): Promise<string> {
  const { image, user, entrypoint, command } = await read('deploy/stack.yaml', 'redis-a')
  // Compose keeps its own escape of a dollar.
  const [first = '', ...others] = [...entrypoint, ...command].map(word => word.replaceAll('$$', '$'))
  const options = ['--detach', '--user', user, '--volume', `${volume}:/var/tmp`, '--entrypoint', first]
  const id = (await docker('run', ...options, image, ...others)).trim()
  containers.push(id)
  return id
}

async function ask(id: string, ...what: string[]): Promise<string> {
  return (await docker('exec', id, 'redis-cli', ...what)).trim()
}

// Swarm starts the new task of a host that comes back before it has ended the one that ran on there. Redis locks nodes.conf, and
// replaces that file with the first save, its lock with it.
test('two Redis servers of the stack do not share a disk: the second waits until the first has ended, and has its events', async () => {
  const first = await startRedis()
  await until('the first to answer', 20_000, async () => (await ask(first, 'ping')) === 'PONG')
  assert.equal(await ask(first, 'cluster', 'addslotsrange', '0', '16383'), 'OK')
  assert.equal(await ask(first, 'cluster', 'saveconfig'), 'OK')
  await until('the first to take events', 10_000, async () => (await ask(first, 'set', 'key', '1')) === 'OK')

  const second = await startRedis()
  const running = await until('the second to run', 20_000, async () => {
    const said = await docker('top', second, '-o', 'pid,comm')
    return /\b(flock|redis-server)$/m.exec(said)?.[1]
  })
  assert.equal(running, 'flock')
  assert.equal(await ask(first, 'set', 'key', '2'), 'OK')
  await docker('kill', first)
  await until('the second to have it all', 20_000, async () => (await ask(second, 'get', 'key')) === '2')
})

test('the Redis of one host has that lock, too: --scale redis=2 would start a second one on its disk', async () => {
  const { entrypoint, command } = await read('compose.production.yaml', 'redis')
  assert.deepEqual(entrypoint, ['flock', '--no-fork', '/var/tmp/one-server', 'redis-server'])
  assert.ok(command.join(' ').includes('--dir /var/tmp'), 'the lock is beside the data')
})
