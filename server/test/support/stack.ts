import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { DockerComposeEnvironment, GenericContainer, Wait, type StartedTestContainer } from 'testcontainers'
import { z } from 'zod'
import { call } from './publish.ts'
import { until } from './until.ts'

/**
 * The lab as compose.yaml describes it, under a project name of its own and with shrunk timeouts: two server containers
 * of two workers each on the fixed side, one of two on the unfixed. run.ts starts it once; the test files share it, one
 * file at a time, and each leaves it as it was.
 */
const root = fileURLToPath(new URL('../../..', import.meta.url))
const project = 'sse-lab-test'
const network = `${project}_default`
// Everything started beside compose carries this label, so that a run that was killed can be cleaned up by the next.
const label = { 'sse-lab.test': 'true' }

const environment = {
  SERVERS: '2',
  WORKERS: '2',
  HEARTBEAT_MS: '500',
  DRAIN_MS: '1000',
  // The tests reach the containers by name in their own network; the host's ports are left to whoever uses them.
  HTTP_PORT: '0',
  PROBLEMS_PORT: '0',
  CORS_ORIGINS: 'http://localhost:8080,http://localhost:8081',
}

/** Where the sides answer, as seen from inside the compose network. */
export const fixed = 'http://nginx'
export const unfixed = 'http://nginx:8081'

const run = promisify(execFile)

/** Runs the docker command and returns what it printed on both outputs. */
export async function docker(...args: string[]): Promise<string> {
  const { stdout, stderr } = await run('docker', args)
  return stdout + stderr
}

/** The name of a container of the stack: `container('redis')`, `container('server', 2)`. */
export function container(service: string, index = 1): string {
  return `${project}-${service}-${index}`
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
  await docker('network', 'connect', network, hostname())
  return {
    async [Symbol.asyncDispose]() {
      await docker('network', 'disconnect', network, hostname())
      await started.down({ removeVolumes: true })
      await clean()
    },
  }
}

async function clean(): Promise<void> {
  const left = (await docker('ps', '--all', '--quiet', '--filter', 'label=sse-lab.test'))
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
}

/** Starts one more container of the server image, known in the network by `alias`. */
export async function startServer(alias: string, env: Record<string, string>): Promise<StartedTestContainer> {
  return await new GenericContainer('sse-lab/server')
    .withEnvironment(env)
    .withNetworkMode(network)
    .withNetworkAliases(alias)
    .withLabels(label)
    .start()
}

/** Starts one more Redis, the same as the stack's, known in the network by `alias`. */
export async function startRedis(alias: string): Promise<StartedTestContainer> {
  const image = (await docker('inspect', '--format', '{{.Config.Image}}', container('redis'))).trim()
  return await new GenericContainer(image)
    .withEntrypoint(['redis-server'])
    .withCommand(['--protected-mode', 'no', '--save', '', '--dir', '/tmp'])
    .withNetworkMode(network)
    .withNetworkAliases(alias)
    .withLabels(label)
    .start()
}

/** Starts one more nginx, with its configuration changed by `change`, and waits until it answers at `http://<alias>`. */
export async function startNginx(
  alias: string,
  change: (text: string) => string,
): Promise<StartedTestContainer> {
  const files = await Promise.all(
    ['nginx.conf', 'streaming.conf', 'problems.conf'].map(async name => {
      return {
        target: `/lab/${name}`,
        content: change(await readFile(`${root}/nginx/${name}`, 'utf8')),
        mode: 0o644,
      }
    }),
  )
  const started = await new GenericContainer('sse-lab/nginx')
    .withCopyContentToContainer(files)
    .withNetworkMode(network)
    .withNetworkAliases(alias)
    .withLabels(label)
    .start()
  await until(
    `nginx at ${alias}`,
    10_000,
    async () => (await call('GET', `http://${alias}/healthz`)).status > 0,
  )
  return started
}

const workerList = z.object({
  workers: z.array(
    z.object({
      worker: z.string(),
      instance: z.number(),
      pid: z.number(),
      host: z.string(),
      bus: z.string(),
      ready: z.boolean(),
      connections: z.number(),
    }),
  ),
  partial: z.boolean().optional(),
})

export type ListedWorker = z.output<typeof workerList>['workers'][number]

/** All live workers of the stack, as any of them lists them. */
export async function listWorkers(base = fixed): Promise<ListedWorker[]> {
  const { workers, partial } = workerList.parse(JSON.parse((await call('GET', `${base}/api/workers`)).body))
  if (partial) throw new Error('the list of workers is partial')
  return workers
}

/** Waits until the whole stack is ready: `fixed` workers on the fixed side, two on the unfixed. Returns the fixed side's. */
export async function stackReady(fixedWorkers = 4): Promise<ListedWorker[]> {
  return await until('all workers of the stack to be ready', 30_000, async () => {
    const workers = (await listWorkers()).filter(({ ready }) => ready)
    const onFixedSide = workers.filter(({ bus }) => bus !== 'memory')
    return onFixedSide.length === fixedWorkers && workers.length === fixedWorkers + 2
      ? onFixedSide
      : undefined
  })
}
