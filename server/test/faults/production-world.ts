import { execFile } from 'node:child_process'
import { hostname } from 'node:os'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { docker, project, testAlias } from '@sse-lab/testkit/stack.ts'
import { Toxiproxy } from '@sse-lab/testkit/toxiproxy.ts'
import { Server, Side } from './side.ts'
import { World } from './world.ts'

const run = promisify(execFile)
const name = `${project}-production`
const files = ['compose.production.yaml', 'server/test/faults/production.yaml']
const root = fileURLToPath(new URL('../../..', import.meta.url))
// Of this machine, for nobody: the tests reach the proxy by its name.
const environment = { HTTPS_PORT: '0' }

/** The shape of `make production` as it is, with two servers: TLS, tokens, limits, an ACL in Redis, confined containers. */
export async function startProductionWorld(): Promise<World> {
  await using resources = new AsyncDisposableStack()
  await compose('down', '--volumes')
  resources.defer(async () => void (await compose('down', '--volumes')))
  await compose('up', '--no-color', 'secrets')
  // Production has no user who may strike.
  const strikes = "echo 'user operator on nopass ~* &* +@all' >>/redis/users.acl"
  await docker(
    'run',
    '--rm',
    '--volume',
    `${name}_redis:/redis`,
    '--entrypoint',
    'sh',
    'sse-lab/test',
    '-c',
    strikes,
  )
  for (const network of [`${name}_front`, `${name}_redis`]) {
    await docker('network', 'connect', '--alias', testAlias, network, hostname())
    resources.defer(async () => void (await docker('network', 'disconnect', network, hostname())))
  }
  const toxiproxy = resources.use(await Toxiproxy.start())
  const links = {
    a: await toxiproxy.open('a', 6393, `${name}-redis-1:6379`),
    b: await toxiproxy.open('b', 6394, `${name}-redis-1:6379`),
  }
  await compose('up', '--detach', '--wait', 'redis', 'server', 'server-b', 'nginx')
  setDefaultCACertificates([
    ...getCACertificates('default'),
    await docker('exec', container('nginx'), 'cat', '/run/tls/ca.pem'),
  ])
  const token = await compose(
    'run',
    '--rm',
    '--no-deps',
    '-T',
    'token',
    '--sub',
    'faults',
    '--subscribe',
    '*',
    '--publish',
    '*',
    '--minutes',
    '90',
  )
  const [a, b] = await Promise.all([serverOf('server', 'server-a'), serverOf('server-b', 'server-b')])
  const streams = new Side({
    name: 'streams',
    bus: 'streams',
    base: 'https://production.localhost:8443',
    proxy: await idOf('nginx'),
    a,
    b,
    headers: { authorization: `Bearer ${token.trim()}` },
  })
  const redis = {
    id: container('redis'),
    login: ['--user', 'operator', '--pass', 'any', '--no-auth-warning'],
    serversUser: 'server',
  }
  return await World.start({ streams, links, redis, resources: resources.move() })
}

async function compose(...words: string[]): Promise<string> {
  const all = ['compose', '--project-name', name, ...files.flatMap(file => ['--file', file]), ...words]
  const { stdout } = await run('docker', all, { cwd: root, env: { ...process.env, ...environment } })
  return stdout
}

function container(service: string): string {
  return `${name}-${service}-1`
}

async function idOf(service: string): Promise<string> {
  return (await docker('inspect', '--format', '{{.Id}}', container(service))).trim()
}

async function serverOf(service: string, host: string): Promise<Server> {
  return new Server({
    id: await idOf(service),
    url: `http://${host}:3000`,
    operatorsUrl: `http://${host}:3001`,
  })
}
