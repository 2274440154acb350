import { mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { TokenIssuer } from '@sse-lab/server/test/support/issuer.ts'
import { docker } from '@sse-lab/testkit/stack.ts'
import { until } from '@sse-lab/testkit/wait.ts'

/** What is measured, while it runs: where it takes streams and publishes, with which header, and its processes on the host. */
type Running = AsyncDisposable & { url: string; pids: number[]; header?: string }

export type Contender = { name: string; start: () => Promise<Running> }

const root = new URL('../../', import.meta.url)
// All stand on the host's network, on loopback: the bridge and its port mapping would be measured with them.
const ports = { limit: 3900, server: 3901, nginx: 3902, redis: 3903, admin: 3904 }
const prefix = 'sse-lab-bench'
const socketFile = '/run/lab/server.sock'

/** One thread that does nothing but send: limit/limit.c. */
export const limit: Contender = {
  name: 'limit',
  start: async () => {
    const url = `http://127.0.0.1:${ports.limit}`
    const words = ['limit', String(ports.limit)]
    return await startAll([{ name: 'limit', image: 'sse-lab/test', words, ready: () => answers(url) }], url)
  },
}

/** How nginx reaches the server, if it stands in front of it. */
export type Way = 'direct' | 'tcp' | 'socket'

/** `serverAlone`: what nginx takes is not counted. */
type Shape = { workers?: number; way?: Way; serverAlone?: boolean; native?: boolean; batchMs?: number }

/** The lab's image as it is, on the bus that loses nothing; alone, or behind the lab's nginx. */
export function lab({
  workers = 2,
  way = 'direct',
  serverAlone = false,
  native = false,
  batchMs = 0,
}: Shape = {}): Contender {
  return {
    name: `lab${workers === 2 ? '' : `, WORKERS=${workers}`}${way === 'socket' ? ', socket file' : ''}${native ? ', NATIVE=1' : ''}${batchMs > 0 ? `, BATCH_MS=${batchMs}` : ''}`,
    start: async () => {
      const env = { ...labEnv(workers), NATIVE: native ? '1' : '0', BATCH_MS: String(batchMs) }
      return await startHub({
        env: way === 'socket' ? { ...env, SOCKET: socketFile } : env,
        workers,
        way,
        serverAlone,
      })
    },
  }
}

function labEnv(workers: number): Record<string, string> {
  return { BUS: 'streams', WORKERS: String(workers), CONNECTIONS_MAX: '20000', LOG_LEVEL: 'warn' }
}

/** The same with access control: a token is checked for each stream and each publish. */
export function labWithAccess({ way = 'direct', serverAlone = false }: Shape = {}): Contender {
  return { name: 'lab, AUTH=jwt', start: async () => await startWithAccess({ way, serverAlone }) }
}

async function startWithAccess(shape: { way: Way; serverAlone: boolean }): Promise<Running> {
  await using issuer = await TokenIssuer.make(['bench'])
  const jwks = '/lab/server/jwks.json'
  const env = {
    ...labEnv(2),
    ...issuer.environment(jwks),
    ADMIN_PORT: String(ports.admin),
    // No quota is reached: what is measured is the check, and not its refusals.
    SUBJECT_STREAMS_MAX: '20000',
    SUBJECT_PUBLISHES_PER_SECOND_MAX: '100000',
  }
  const hub = { env, files: { [jwks]: issuer.jwks }, workers: 2, ...shape }
  const running = await startHub({ ...hub, operatorsPort: ports.admin })
  return { ...running, header: `Authorization: Bearer ${await issuer.token('bench')}` }
}

/** A hub as people write it, in the same image under the same pm2, alone or behind the same nginx: express-hub.js. */
export function express({
  way = 'direct',
  serverAlone = false,
}: { way?: Exclude<Way, 'socket'>; serverAlone?: boolean } = {}): Contender {
  return {
    name: 'Express',
    start: async () => {
      const workers = 2
      const files = { '/lab/server/express-hub.js': new URL('express-hub.js', import.meta.url) }
      const words = ['start', 'express-hub.js', '--raw', '--instances', String(workers)]
      return await startHub({ entrypoint: 'pm2-runtime', words, files, workers, way, serverAlone })
    },
  }
}

type Part = {
  name: string
  image: string
  env?: Record<string, string>
  entrypoint?: string
  words?: string[]
  /** What is put into the container, by the path there: the engine may not see our files. */
  files?: Record<string, string | URL>
  /** Redis is no part of the hub: what it costs is the same for all. */
  uncounted?: boolean
  ready: () => Promise<boolean>
}

async function startHub({
  workers,
  way,
  serverAlone = false,
  operatorsPort = ports.server,
  ...hub
}: Omit<Part, 'name' | 'image' | 'ready'> &
  Shape & {
    workers: number
    way: Way
    operatorsPort?: number
  }): Promise<Running> {
  const url = `http://127.0.0.1:${ports.server}`
  const redis: Part = {
    name: 'redis',
    image: await readPin('REDIS_IMAGE'),
    entrypoint: 'redis-server',
    words: ['--port', String(ports.redis), '--bind', '127.0.0.1', '--save', '', '--dir', '/tmp'],
    uncounted: true,
    ready: async () =>
      (await docker('exec', `${prefix}-redis`, 'redis-cli', '-p', String(ports.redis), 'ping')).trim() ===
      'PONG',
  }
  const env = {
    ...hub.env,
    OPEN: '1',
    PORT: String(ports.server),
    REDIS_URL: `redis://127.0.0.1:${ports.redis}`,
  }
  const server: Part = {
    ...hub,
    name: 'server',
    image: 'sse-lab/server',
    env,
    ready: async () => (await readyWorkers(`http://127.0.0.1:${operatorsPort}`)) === workers,
  }
  if (way === 'direct') return await startAll([redis, server], url)
  const front = `http://127.0.0.1:${ports.nginx}`
  const nginx: Part = {
    name: 'nginx',
    image: 'sse-lab/nginx',
    files: await nginxFiles(way),
    uncounted: serverAlone,
    ready: () => answers(front),
  }
  return await startAll([redis, server, nginx], front)
}

const workerList = z.object({ workers: z.array(z.object({ ready: z.boolean() })) })

async function readyWorkers(url: string): Promise<number> {
  const answer = await fetch(`${url}/api/workers`, { signal: AbortSignal.timeout(1000) })
  return workerList.parse(await answer.json()).workers.filter(({ ready }) => ready).length
}

async function answers(url: string): Promise<boolean> {
  const answer = await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(1000) })
  await answer.body?.cancel()
  return answer.ok
}

// The lab's own files with the addresses of this host. Whoever is measured stands behind the same.
async function nginxFiles(way: Way): Promise<Record<string, string>> {
  const main = await readText('nginx/nginx.conf')
  const streaming = await readText('nginx/streaming.conf')
  return {
    '/lab/nginx.conf': main.replace('include broken.conf;', '').replace(/^ +resolver .*$/m, ''),
    '/lab/streaming.conf': streaming
      .replace(
        'server server:3000 resolve',
        way === 'socket' ? `server unix:${socketFile}` : `server 127.0.0.1:${ports.server}`,
      )
      .replace('listen 80 ', `listen 127.0.0.1:${ports.nginx} `),
  }
}

async function startAll(parts: Part[], url: string): Promise<Running> {
  const pids: number[] = []
  const names = parts.map(({ name }) => `${prefix}-${name}`)
  const remove = async () => {
    await docker('rm', '--force', ...names)
    await docker('volume', 'rm', '--force', prefix)
  }
  await remove()
  try {
    for (const part of parts) {
      const pid = await startPart(part)
      if (!part.uncounted) pids.push(pid)
    }
  } catch (error) {
    await remove()
    throw error
  }
  return { url, pids, [Symbol.asyncDispose]: remove }
}

/** Returns the process on the host, once it is ready. Fails with what the container said. */
async function startPart({
  name,
  image,
  env = {},
  entrypoint,
  words = [],
  files = {},
  ready,
}: Part): Promise<number> {
  const container = `${prefix}-${name}`
  const options = [
    '--name',
    container,
    '--network',
    'host',
    '--volume',
    `${prefix}:/run/lab`,
    '--ulimit',
    'nofile=20000:20000',
  ]
  for (const [key, value] of Object.entries(env)) options.push('--env', `${key}=${value}`)
  if (entrypoint !== undefined) options.push('--entrypoint', entrypoint)
  await docker('create', ...options, image, ...words)
  const folder = await mkdtemp(join(tmpdir(), 'bench-'))
  for (const [index, [path, content]] of Object.entries(files).entries()) {
    const file = join(folder, String(index))
    await writeFile(file, content instanceof URL ? await readFile(content) : content, { mode: 0o644 })
    await docker('cp', file, `${container}:${path}`)
  }
  await docker('start', container)
  try {
    await until(`${name} to be ready`, 30_000, ready)
  } catch (cause) {
    const said = await docker('logs', '--tail', '20', container)
    throw new Error(`${name} did not start. It said:\n${said}`, { cause })
  }
  return Number(await docker('inspect', '--format', '{{.State.Pid}}', container))
}

/** A pin of .env; a variable wins over it, as everywhere. */
export async function readPin(name: string): Promise<string> {
  return process.env[name] ?? new RegExp(`^${name}=(.*)$`, 'm').exec(await readText('.env'))?.[1] ?? ''
}

async function readText(path: string): Promise<string> {
  return await readFile(new URL(path, root), 'utf8')
}
