import { mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { makeCertificate } from '@sse-lab/testkit/certificate.ts'
import { docker, overTcp } from '@sse-lab/testkit/stack.ts'
import { until } from '@sse-lab/testkit/wait.ts'

/** What is measured, while it runs: where it takes streams and publishes, and its processes on the host. */
export type Running = AsyncDisposable & { url: string; pids: number[] }

const root = new URL('../../', import.meta.url)
// All stand on the host's network, on loopback: the bridge and its port mapping would be measured with them.
export const ports = { limit: 3900, server: 3901, nginx: 3902, redis: 3903, admin: 3904, tls: 3905 }
const prefix = 'sse-lab-bench'
const socketFile = '/run/lab/server.sock'

/** How nginx reaches the server, if it stands in front of it: `socket` is how the lab has it. */
export type Way = 'direct' | 'tcp' | 'socket'

/** `serverAlone`: what nginx takes is not counted. `secure`: clients come to nginx by TLS, and HTTP/1.1 or HTTP/2. */
export type Shape = { way?: Way; serverAlone?: boolean; secure?: Secure }

export type Secure = 'HTTP/1.1' | 'HTTP/2'

export type Part = {
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

/** A hub with a Redis of its own, ready when all of its workers are. */
export async function startHub(
  {
    workers,
    operatorsPort = ports.server,
    ...hub
  }: Omit<Part, 'name' | 'ready'> & { workers: number; operatorsPort?: number },
  shape: Shape,
): Promise<Running> {
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
    ...(shape.way === 'socket' && { SOCKET: socketFile }),
  }
  const server: Part = {
    ...hub,
    name: 'server',
    env,
    ready: async () => (await readyWorkers(`http://127.0.0.1:${operatorsPort}`)) === workers,
  }
  return await startServer([redis, server], shape)
}

/** Parts that end with a server on its port, alone or behind the lab's nginx. */
export async function startServer(
  parts: Part[],
  { way = 'direct', serverAlone = false, secure }: Shape,
): Promise<Running> {
  if (way === 'direct') return await startAll(parts, `http://127.0.0.1:${ports.server}`)
  const front = `http://127.0.0.1:${ports.nginx}`
  const nginx: Part = {
    name: 'nginx',
    image: 'sse-lab/nginx',
    files: await nginxFiles(way, secure !== undefined),
    uncounted: serverAlone,
    ready: async () => await answers(front),
  }
  const running = await startAll([...parts, nginx], front)
  return secure === undefined ? running : { ...running, url: `https://127.0.0.1:${ports.tls}` }
}

const workerList = z.object({ workers: z.array(z.object({ ready: z.boolean() })) })

async function readyWorkers(url: string): Promise<number> {
  const answer = await fetch(`${url}/api/workers`, { signal: AbortSignal.timeout(1000) })
  return workerList.parse(await answer.json()).workers.filter(({ ready }) => ready).length
}

/** Whether a server is there: not all have something at this path. */
export async function answers(url: string): Promise<boolean> {
  const answer = await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(1000) })
  await answer.body?.cancel()
  return answer.status < 500
}

// The lab's own files with the addresses of this host. Whoever is measured stands behind the same.
async function nginxFiles(way: Way, secure: boolean): Promise<Record<string, string>> {
  const main = await readText('nginx/nginx.conf')
  const text = await readText('nginx/streaming.conf')
  const streaming = way === 'socket' ? text : overTcp(text)
  return {
    ...(secure && (await tlsFiles())),
    '/lab/nginx.conf': main.replace('include broken.conf;', '').replace(/^ +resolver .*$/m, ''),
    '/lab/streaming.conf': streaming
      .replace('server server:3000 resolve', `server 127.0.0.1:${ports.server}`)
      .replace('listen 80 ', `listen 127.0.0.1:${ports.nginx} `)
      .replace('# include http2.conf;', secure ? 'include http2.conf;' : ''),
  }
}

async function tlsFiles(): Promise<Record<string, string>> {
  const listening = (await readText('nginx/http2.conf'))
    .replace('listen 443 ', `listen 127.0.0.1:${ports.tls} `)
    .replaceAll('/lab/tls/', '/tmp/')
  return { '/lab/http2.conf': listening, ...(await certificateFiles()) }
}

/** A certificate and its key in /tmp, which each image has. */
export async function certificateFiles(): Promise<Record<string, string>> {
  const files = Object.entries(await makeCertificate())
  return Object.fromEntries(files.map(([path, text]) => [path.replace('/lab/tls/', '/tmp/'), text]))
}

/** Starts one after the other, and takes all of them away again. */
export async function startAll(parts: Part[], url: string): Promise<Running> {
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
