import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { DockerComposeEnvironment, GenericContainer, Wait, type StartedTestContainer } from 'testcontainers'
import { z } from 'zod'
import { call } from './publish.ts'
import { until } from './wait.ts'

/**
 * The lab as compose.yaml describes it, under a project name of its own and with shrunk timeouts: two server containers
 * of two workers each on the fixed side, one of two on the broken. run.ts starts it once; the test files share it, one
 * file at a time, and each leaves it as it was.
 */
const root = fileURLToPath(new URL('..', import.meta.url))
// Two runs at once need a name each.
export const project = process.env.TEST_PROJECT || 'sse-lab-test'
export const network = `${project}_default`
// Everything started beside compose carries this label, so that a run that was killed can be cleaned up by the next.
export const label = { 'sse-lab.test': project }

/** The name of the tests' own container in the network. */
export const testAlias = 'tests'

const environment = {
  // Containers of the tests call each other by names of all kinds.
  OPEN: '1',
  SERVERS: '2',
  WORKERS: '2',
  HEARTBEAT_MS: '500',
  DRAIN_MS: '1000',
  // The page waits for it.
  BROKEN_TIMEOUT: '10s',
  // The tests reach the containers by name in their own network; the host's ports are left to whoever uses them.
  HTTP_PORT: '0',
  BROKEN_PORT: '0',
  CORS_ORIGINS: 'http://localhost:8080,http://localhost:8081,http://nginx,http://nginx:8081',
}

/** Where the sides answer, as seen from inside the compose network. */
export const fixed = 'http://nginx'
export const broken = 'http://nginx:8081'

const run = promisify(execFile)

/** Runs the docker command and returns what it printed on both outputs. */
export async function docker(...args: string[]): Promise<string> {
  const { stdout, stderr } = await run('docker', args)
  return stdout + stderr
}

/** The name of a container of the stack: `container('redis')`. Servers come and go: see serverContainers. */
export function container(service: string): string {
  return `${project}-${service}-1`
}

/** The stack's volume for socket files: a server that nginx should find listens on one in it, with SOCKET. */
export const stackSockets = `${project}_sockets`

/** The ids of the fixed side's server containers, running or not. */
export async function serverContainers(): Promise<string[]> {
  const filters = [`label=com.docker.compose.project=${project}`, 'label=com.docker.compose.service=server']
  const printed = await docker('ps', '--all', '--quiet', ...filters.flatMap(it => ['--filter', it]))
  return printed.split('\n').filter(Boolean)
}

/** Runs a target of the Makefile on the stack, as people run it on the lab, and returns what it printed. */
export async function make(target: string): Promise<string> {
  const env = { ...process.env, ...environment, COMPOSE_PROJECT_NAME: project }
  const { stdout, stderr } = await run('make', [target], { cwd: root, env })
  return stdout + stderr
}

/** Starts the stack, cleans up what an earlier run may have left, and joins its network. */
export async function startStack(): Promise<AsyncDisposable> {
  await clean()
  const started = await new DockerComposeEnvironment(root, 'compose.yaml')
    .withProjectName(project)
    .withEnvironment(environment)
    .withDefaultWaitStrategy(Wait.forHealthCheck())
    .withStartupTimeout(120_000)
    .up()
  await docker('network', 'connect', '--alias', testAlias, network, hostname())
  return {
    async [Symbol.asyncDispose]() {
      await docker('network', 'disconnect', network, hostname())
      await started.down({ removeVolumes: true })
      await clean()
    },
  }
}

async function clean(): Promise<void> {
  const left = (await docker('ps', '--all', '--quiet', '--filter', `label=sse-lab.test=${project}`))
    .split('\n')
    .filter(Boolean)
  const composed = await docker(
    'ps',
    '--all',
    '--quiet',
    '--filter',
    `label=com.docker.compose.project=${project}`,
  )
  const all = [...left, ...composed.split('\n').filter(Boolean)]
  if (all.length > 0) await docker('rm', '--force', '--volumes', ...all)
  await docker('network', 'rm', '--force', network)
  await docker('network', 'prune', '--force', '--filter', `label=sse-lab.test=${project}`)
}

/**
 * Starts one more container of the server image, known in the network by `aliases`. `files` are put into it, by path;
 * `cpus` is its quota; `sockets` the volume for socket files; `hostname` what it calls itself.
 */
export async function startServer(
  aliases: string | string[],
  env: Record<string, string>,
  more: { files?: Record<string, string>; cpus?: number; sockets?: string; hostname?: string } = {},
): Promise<StartedTestContainer> {
  const files = Object.entries(more.files ?? {})
  const server = new GenericContainer('sse-lab/server')
    .withEnvironment({ OPEN: '1', ...env })
    .withNetworkMode(network)
    .withNetworkAliases(...[aliases].flat())
    .withLabels(label)
    .withCopyContentToContainer(files.map(([target, content]) => ({ target, content, mode: 0o644 })))
  if (more.hostname !== undefined) server.withHostname(more.hostname)
  if (more.cpus !== undefined) server.withResourcesQuota({ cpu: more.cpus })
  return await withSockets(server, more.sockets).start()
}

function withSockets(one: GenericContainer, volume: string | undefined): GenericContainer {
  return volume === undefined ? one : one.withBindMounts([{ source: volume, target: '/run/lab' }])
}

/**
 * Starts one more Redis, the same as the stack's, known in the network by `alias`. `acl`: who may do what, as an ACL file of Redis
 * says it; `network`: another one than the stack's; `disk`: a volume on which each event is before it is acknowledged, `locked` as
 * deploy/stack.yaml does it. One that waits for the lock has started, and does not answer.
 */
export async function startRedis(
  alias: string,
  more: { acl?: string; network?: string; disk?: { volume: string; locked: boolean } } = {},
): Promise<StartedTestContainer> {
  const image = (await docker('inspect', '--format', '{{.Config.Image}}', container('redis'))).trim()
  const { acl, disk } = more
  const users = acl === undefined ? [] : ['--aclfile', aclFile]
  const lock = disk?.locked === true ? ['flock', '--no-fork', `${diskFolder}/one-server`] : []
  const kept = disk === undefined ? ['--dir', '/tmp'] : ['--dir', diskFolder, ...eachEventOnDisk]
  const redis = new GenericContainer(image)
    .withEntrypoint([...lock, 'redis-server'])
    .withCommand(['--protected-mode', 'no', '--save', '', ...kept, ...users])
    .withNetworkMode(more.network ?? network)
    .withNetworkAliases(alias)
    .withLabels(label)
  if (acl !== undefined) redis.withCopyContentToContainer([{ target: aclFile, content: acl, mode: 0o644 }])
  if (disk !== undefined) redis.withBindMounts([{ source: disk.volume, target: diskFolder }])
  return await redis.start()
}

// Anybody may write there, so whatever user the image has.
const diskFolder = '/var/tmp'
const eachEventOnDisk = ['--appendonly', 'yes', '--appendfsync', 'always']

// The image's own folder for it is closed to the user that it runs as.
const aclFile = '/tmp/users.acl'

/**
 * Makes a network of its own, without a way out, and joins it: in it are the tests' container and what is started there. Another
 * run cleans up what this one leaves.
 */
export async function makeNetwork(name: string): Promise<AsyncDisposable> {
  const labels = Object.entries(label).flatMap(([key, value]) => ['--label', `${key}=${value}`])
  await docker('network', 'create', '--internal', ...labels, name)
  await docker('network', 'connect', name, hostname())
  return {
    async [Symbol.asyncDispose]() {
      await docker('network', 'disconnect', '--force', name, hostname())
      await docker('network', 'rm', '--force', name)
    },
  }
}

/** Sets a kernel knob of a running container's network, like `net/ipv4/tcp_retries2`. It holds until the container ends. */
export async function setSysctl(id: string, name: string, value: string): Promise<void> {
  const shared = ['--privileged', '--user', '0', '--network', `container:${id}`]
  const script = `echo ${value} > /proc/sys/${name}`
  await docker('run', '--rm', ...shared, '--entrypoint', 'sh', 'sse-lab/server', '-c', script)
}

/** Starts a container that reads a stream, so that it can be cut off from the network without a word. */
export async function startClient(url: string): Promise<StartedTestContainer> {
  return await new GenericContainer('sse-lab/test')
    .withEntrypoint(['curl', '-sN', url])
    .withNetworkMode(network)
    .withLabels(label)
    .start()
}

// As nginx/Dockerfile copies them: production's need a certificate, and serve without TLS on port 80, too.
const nginxFiles = {
  lab: {
    '/lab/nginx.conf': 'nginx.conf',
    '/lab/streaming.conf': 'streaming.conf',
    '/lab/sockets.conf': 'sockets.conf',
    '/lab/broken.conf': 'broken.conf',
    '/lab/http2.conf': 'http2.conf',
  },
  production: {
    '/lab/nginx.conf': 'production/nginx.conf',
    '/lab/streaming.conf': 'streaming.conf',
    '/lab/sockets.conf': 'sockets.conf',
    '/lab/tls.conf': 'production/tls.conf',
    '/lab/server.d/production.conf': 'production/server.conf',
  },
} as const

/** nginx/streaming.conf with its other line: the way to the servers is their name, and not files in a folder. */
export function overTcp(text: string): string {
  return text.replace('    include sockets.conf;\n', '').replace('# server server:3000', 'server server:3000')
}

/**
 * Starts one more nginx, with its configuration changed by `change`, and waits until it answers at `http://<alias>:<port>`.
 * `files` stand beside the lab's own, by path; `sockets` is the volume with the servers' socket files, without which `change` is given
 * the text with `server server:3000 resolve max_fails=0;`; `shape`: which of the images of nginx/Dockerfile it is.
 */
export async function startNginx(
  alias: string,
  change: (text: string) => string,
  {
    port = 80,
    files: beside = {},
    sockets,
    shape = 'lab',
  }: {
    port?: number
    files?: Record<string, string>
    sockets?: string
    shape?: keyof typeof nginxFiles
  } = {},
): Promise<StartedTestContainer> {
  const files = Object.entries(beside).map(([target, content]) => ({ target, content, mode: 0o644 }))
  const changed = await Promise.all(
    Object.entries(nginxFiles[shape]).map(async ([target, name]) => {
      const text = await readFile(`${root}/nginx/${name}`, 'utf8')
      return { target, content: change(sockets === undefined ? overTcp(text) : text), mode: 0o644 }
    }),
  )
  const nginx = new GenericContainer('sse-lab/nginx')
    .withCopyContentToContainer([...changed, ...files])
    .withNetworkMode(network)
    .withNetworkAliases(alias)
    .withLabels(label)
  const started = await withSockets(nginx, sockets).start()
  await until(
    `nginx at ${alias}`,
    10_000,
    async () => (await call('GET', `http://${alias}:${port}/healthz`)).status > 0,
  )
  return started
}

/** Starts a program of sse-lab/proxies, known in the network by `alias`. Its configuration is its last argument. */
export async function startProxy(
  alias: string,
  command: readonly string[],
  { name, text }: { name: string; text: string },
): Promise<StartedTestContainer> {
  const target = `/tmp/${name}`
  return await new GenericContainer('sse-lab/proxies')
    .withCommand([...command, target])
    .withCopyContentToContainer([{ target, content: text, mode: 0o644 }])
    .withNetworkMode(network)
    .withNetworkAliases(alias)
    .withLabels(label)
    .start()
}

// Apart from the server's own schema: what it answers to others is what the tests read.
const workerList = z.object({
  workers: z.array(
    z.object({
      worker: z.string(),
      instance: z.number(),
      pid: z.number(),
      host: z.string(),
      server: z.string(),
      bus: z.string(),
      ready: z.boolean(),
      connections: z.number(),
    }),
  ),
  partial: z.boolean().optional(),
})

export type ListedWorker = z.output<typeof workerList>['workers'][number]

/** What `GET /api/workers` answers: without Redis it is partial, and lists the asked worker alone. */
export async function readWorkers(base: string): Promise<z.output<typeof workerList>> {
  // A call that pm2 hands to a worker in the instant of its death is never answered: whoever waits asks again.
  const { body } = await call('GET', `${base}/api/workers`, { withinMs: 5000 })
  return workerList.parse(JSON.parse(body))
}

/** All live workers of the stack, as any of them lists them. */
export async function listWorkers(base = fixed): Promise<ListedWorker[]> {
  const { workers, partial } = await readWorkers(base)
  if (partial && workers.some(({ bus }) => bus !== 'memory'))
    throw new Error('the list of workers is partial')
  return workers
}

/** Waits until the whole stack is ready: `fixed` workers on the fixed side, two on the broken. Returns the fixed side's. */
export async function stackReady(fixedWorkers = 4): Promise<ListedWorker[]> {
  return await until('all workers of the stack to be ready', 30_000, async () => {
    const workers = (await listWorkers()).filter(({ ready }) => ready)
    const onFixedSide = workers.filter(({ bus }) => bus !== 'memory')
    return onFixedSide.length === fixedWorkers && workers.length === fixedWorkers + 2
      ? onFixedSide
      : undefined
  })
}
