import assert from 'node:assert/strict'
import { createServer, type RequestListener, type Server } from 'node:http'
import { once } from 'node:events'
import { afterEach, test } from 'node:test'
import { Copy } from './fakes.ts'

const open: Server[] = []
afterEach(() => {
  for (const server of open.splice(0)) {
    server.close()
    server.closeAllConnections()
  }
})

async function listen(answer: RequestListener): Promise<number> {
  const server = createServer(answer).listen(0, '127.0.0.1')
  open.push(server)
  await once(server, 'listening')
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  return address.port
}

const ok: RequestListener = (_, response) => void response.end('ok')
const away: RequestListener = (_, response) => void response.writeHead(503).end()

/** A port of which nobody listens any more. */
async function dead(): Promise<number> {
  const port = await listen(ok)
  open.pop()?.close()
  return port
}

const healthy = ['redis', 'server', 'server-broken', 'nginx'].map(
  service => `${service}|Up 3 minutes (healthy)`,
)

/** An engine with these containers, whose nginx leads to these ports of the host. */
function engine(fixed: number, broken: number, states = healthy): string {
  return `case "$1" in
    ps) case "$*" in
      *'table '*) echo 'service STATUS NAMES PORTS' ;;
      *--format*) printf '%s\\n' ${states.map(state => `'${state}'`).join(' ')} ;;
      *service=nginx*) ${states.some(it => it.startsWith('nginx|Up')) ? 'echo 4711' : ':'} ;;
      *) echo 4711 ;;
    esac ;;
    exec) cat >/dev/null; echo 'the workers' ;;
    port) if [ "$3" = 80 ]; then echo '127.0.0.1:${fixed}'; else printf '0.0.0.0:${broken}\\n[::]:${broken}\\n'; fi ;;
    inspect) echo healthy ;;
  esac`
}

test('status shows containers, workers, and that the ports answer', async () => {
  const [fixed, broken] = [await listen(ok), await listen(ok)]
  await using copy = await Copy.make({ docker: engine(fixed, broken) })

  // A proxy for the world is none for this machine.
  const { code, out } = await copy.run(['scripts/status.sh'], { http_proxy: 'http://127.0.0.1:1' })

  assert.equal(code, 0, out)
  assert.match(out, /^service STATUS NAMES PORTS\n\nthe workers\n\n/)
  assert.match(
    out,
    new RegExp(
      `^fixed +http://localhost:${fixed} answers\nbroken +http://localhost:${broken} answers\n`,
      'm',
    ),
  )
})

test('a port that is dead although nginx is healthy is named, with what to do', async () => {
  const [fixed, broken] = [await dead(), await listen(ok)]
  await using copy = await Copy.make({ docker: engine(fixed, broken) })

  const { code, out } = await copy.run(['scripts/status.sh'])

  assert.equal(code, 1)
  assert.match(
    out,
    new RegExp(`fixed: http://localhost:${fixed} does not answer on this machine, and its nginx is healthy`),
  )
  assert.match(out, /docker compose restart nginx/)
  assert.match(out, /3,300 streams[^]*compose network/)
  assert.match(out, new RegExp(`broken +http://localhost:${broken} answers`))
})

test('a port that takes connections and never answers is as dead', async () => {
  const [fixed, broken] = [await listen(ok), await listen(() => undefined)]
  await using copy = await Copy.make({ docker: engine(fixed, broken) })

  const { code, out } = await copy.run(['scripts/status.sh'])

  assert.equal(code, 1)
  assert.match(out, /broken: .* does not answer/)
})

test('a port behind which no worker is says so', async () => {
  const [fixed, broken] = [await listen(away), await listen(ok)]
  await using copy = await Copy.make({ docker: engine(fixed, broken) })

  const { code, out } = await copy.run(['scripts/status.sh'])

  assert.equal(code, 1)
  assert.match(out, /fixed: .* answers 503: no worker is ready behind it/)
})

test('an engine that is elsewhere is not asked at localhost', async () => {
  await using copy = await Copy.make({ docker: engine(await dead(), await dead()) })

  const { code, out } = await copy.run(['scripts/status.sh'], { DOCKER_HOST: 'ssh://far' })

  assert.equal(code, 0, out)
  assert.match(out, /The engine is elsewhere \(ssh:\/\/far\)/)
})

const missing: [string, string, RegExp][] = [
  [
    'server-broken',
    'Exited (0) 2 seconds ago',
    /^server-broken does not run, so the broken side is down\. Bring it back: make up$/m,
  ],
  [
    'server',
    'Exited (137) 2 seconds ago',
    /^server does not run, so the fixed side is down\. Bring it back: make up$/m,
  ],
  [
    'redis',
    'Exited (0) 1 second ago',
    /^redis does not run, so the fixed side takes no event\. Bring it back: make up$/m,
  ],
  [
    'nginx',
    'Exited (0) 1 second ago',
    /^nginx does not run, so nobody reaches the lab\. Bring it back: make up$/m,
  ],
  ['server', 'Up 2 seconds (health: starting)', /^server is still starting\. Ask again in some seconds$/m],
  ['server', 'Restarting (78) 3 seconds ago', /^server is not healthy\. What it says: make logs$/m],
  ['redis', 'Up 3 minutes (unhealthy)', /^redis is not healthy\. What it says: make logs$/m],
]
for (const [service, state, line] of missing) {
  test(`${service} that is "${state}" is named, with what to do`, async () => {
    const [fixed, broken] = [await listen(ok), await listen(ok)]
    const states = healthy.map(it => (it.startsWith(`${service}|`) ? `${service}|${state}` : it))
    await using copy = await Copy.make({ docker: engine(fixed, broken, states) })

    const { code, out } = await copy.run(['scripts/status.sh'])

    assert.equal(code, 1, out)
    assert.match(out, line)
  })
}

test('a second server that is still starting is no fault of the lab', async () => {
  const [fixed, broken] = [await listen(ok), await listen(ok)]
  const states = [...healthy, 'server|Up 2 seconds (health: starting)']
  await using copy = await Copy.make({ docker: engine(fixed, broken, states) })

  const { code, out } = await copy.run(['scripts/status.sh'])

  assert.equal(code, 0, out)
})

test('where nothing runs, status says how to bring it up, and ends with 1', async () => {
  await using copy = await Copy.make({ docker: '' })

  assert.deepEqual(await copy.run(['scripts/status.sh']), {
    code: 1,
    out: 'Nothing runs: make up\n',
    error: '',
  })
})

const worker = {
  pid: 18,
  bus: 'streams',
  ready: true,
  connections: 7,
  delivered: 12_345,
  busLagMs: 3,
  eventLoopDelayMs: 2,
}
const workers = [
  { ...worker, worker: 'b/10', rssBytes: 2 ** 27, ready: false },
  { ...worker, worker: 'a/0', rssBytes: 2 ** 27, bus: 'memory', busLagMs: null },
  { ...worker, worker: 'b/9', rssBytes: 95 * 2 ** 20 },
]

test('workers are a table: the fixed side first, in order, a dash where there is nothing', async () => {
  const port = await listen((_, response) => void response.end(JSON.stringify({ workers, partial: true })))
  await using copy = await Copy.make()

  const { out } = await copy.run(['node', 'scripts/workers.mjs'], { PORT: String(port) })

  assert.equal(
    out,
    [
      'worker  pid  bus      ready  streams  delivered  lag ms  loop delay ms  rss MB',
      'b/9      18  streams  yes          7      12345       3              2      95',
      'b/10     18  streams  NO           7      12345       3              2     128',
      'a/0      18  memory   yes          7      12345       -              2     128',
      'Redis does not answer, so this worker knows of no other.',
      '',
    ].join('\n'),
  )
})
