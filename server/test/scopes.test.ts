import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { GenericContainer, type StartedTestContainer } from 'testcontainers'
import { call, publish } from '@sse-lab/testkit/publish.ts'
import { label, network, startServer } from '@sse-lab/testkit/stack.ts'
import { TestStream } from '@sse-lab/testkit/stream.ts'
import { until } from '@sse-lab/testkit/wait.ts'

// nginx as deploy/stack.yaml has it, in front of servers with names. Which server takes a scope follows from the names alone, so
// every run, and every host's nginx, sees the same.
const scopes = Array.from({ length: 60 }, (_, n) => `tenant-${n}`)
const environment = { WORKERS: '1', BUS: 'memory', RETRY_MS_MIN: '50', RETRY_MS_MAX: '250' }
const three = 'http://scopes-three'
const four = 'http://scopes-four'

const resources = new AsyncDisposableStack()
const servers: StartedTestContainer[] = []

before(async () => {
  servers.push(
    ...(await Promise.all(
      [1, 2, 3, 4].map(async n => {
        const name = `server-${n}`
        const server = await startServer(name, environment, { hostname: name })
        resources.defer(async () => void (await server.stop()))
        await until(
          `${name} to be ready`,
          60_000,
          async () => (await call('GET', `http://${name}:3000/readyz`)).status === 200,
        )
        return server
      }),
    )),
  )
  await startNginx('scopes-three', { SERVERS: '3', HOT_SCOPES: 'hot warm' })
  await startNginx('scopes-four', { SERVERS: '4' })
})
after(async () => await resources.disposeAsync())

async function startNginx(alias: string, env: Record<string, string>): Promise<void> {
  const nginx = await new GenericContainer('sse-lab/nginx:hosts')
    .withEnvironment(env)
    .withNetworkMode(network)
    .withNetworkAliases(alias)
    .withLabels(label)
    .start()
  resources.defer(async () => void (await nginx.stop()))
  await until(`nginx at ${alias}`, 10_000, async () => {
    // Each of its servers was found.
    const names = await Promise.all(Array.from({ length: 12 }, async () => await takenBy(`http://${alias}`)))
    return new Set(names).size === Number(env.SERVERS)
  })
}

/** The server that takes a publish. */
async function takenBy(base: string): Promise<string> {
  return hostOf((await publish(base, { topic: 'acme/a', data: 1 })).worker)
}

/** The server that has a stream of these topics, as they stand in the address. */
async function holder(base: string, ...topics: string[]): Promise<string> {
  const query = topics.map(topic => `topic=${topic}`).join('&')
  await using stream = await TestStream.openGreeted(`${base}/events?${query}`)
  return hostOf(stream.worker)
}

function hostOf(worker = ''): string {
  return worker.split('/')[0] ?? ''
}

async function holders(base: string): Promise<Map<string, string>> {
  const found = new Map<string, string>()
  for (const scope of scopes) found.set(scope, await holder(base, `${scope}/orders`))
  return found
}

test('streams of one scope meet one server, whatever the topic and however its slash is written', async () => {
  const found = await holders(three)

  for (const scope of scopes.slice(0, 10)) {
    const again = await Promise.all(
      [`${scope}/chat`, `${scope}%2Fchat%2F1`, `${scope}%2fchat`, scope].map(topic => holder(three, topic)),
    )
    assert.deepEqual(
      again,
      again.map(() => found.get(scope)),
      scope,
    )
  }
  for (const name of ['server-1', 'server-2', 'server-3']) {
    const share = [...found.values()].filter(it => it === name).length
    assert.ok(share >= 10 && share <= 30, `${name} has ${share} of 60`)
  }
})

test('a stream over several scopes goes where the first of them goes', async () => {
  const [one, other] = ['tenant-0', scopes.at(-1)] as const
  const found = await holders(three)
  const elsewhere = scopes.find(scope => found.get(scope) !== found.get(one)) ?? other ?? ''

  assert.equal(await holder(three, `${one}/a`, `${elsewhere}/a`), found.get(one))
  assert.equal(await holder(three, `${elsewhere}/a`, `${one}/a`), found.get(elsewhere))
})

test('with a fourth server about a quarter of the scopes move, all to that one', async () => {
  const at = await holders(three)
  const later = await holders(four)

  const moved = scopes.filter(scope => at.get(scope) !== later.get(scope))
  assert.deepEqual(new Set(moved.map(scope => later.get(scope))), new Set(['server-4']))
  assert.ok(moved.length >= 8 && moved.length <= 24, `${moved.length} of 60 moved`)
})

test('publishes and hot scopes go to every server', async () => {
  const all = new Set(['server-1', 'server-2', 'server-3'])
  const six = [1, 2, 3, 4, 5, 6]

  assert.deepEqual(new Set(await Promise.all(six.map(() => takenBy(three)))), all)
  for (const topic of ['hot/a', 'hot', 'warm%2Fa'])
    assert.deepEqual(new Set(await Promise.all(six.map(() => holder(three, topic)))), all, topic)
})

test('the scopes of a server that is lost go to the others, and those of the others stay', async () => {
  const at = await holders(three)

  await servers[1]?.stop()

  const later = await holders(three)
  for (const scope of scopes) {
    const [then, now] = [at.get(scope), later.get(scope)]
    if (then === 'server-2') assert.notEqual(now, then)
    else assert.equal(now, then, scope)
  }
  assert.equal((await call('GET', `${three}/healthz`)).status, 200)
})
