import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { call, publish } from '@sse-lab/testkit/publish.ts'
import { stackReady } from '@sse-lab/testkit/stack.ts'
import { TestStream } from '@sse-lab/testkit/stream.ts'
import { until } from '@sse-lab/testkit/wait.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** A command of the README in the root of the project, stopped with its process group at the end. */
class Command implements AsyncDisposable {
  readonly process: ChildProcess
  output = ''

  constructor(file: string, args: string[], env: Record<string, string> = {}) {
    this.process = spawn(file, args, { cwd: root, env: { ...process.env, ...env }, detached: true })
    for (const stream of [this.process.stdout, this.process.stderr]) {
      stream?.setEncoding('utf8').on('data', text => (this.output += String(text)))
    }
  }

  async exit(withinMs: number): Promise<number> {
    return await until(
      `the command to end; it said ${this.output}`,
      withinMs,
      () => this.process.exitCode ?? undefined,
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.process.exitCode !== null || this.process.pid === undefined) return
    process.kill(-this.process.pid, 'SIGINT')
    await Promise.race([
      once(this.process, 'exit'),
      until('its end', 15_000, () => this.process.exitCode !== null),
    ])
  }
}

test('npm start serves the page and the API from one process, without Docker or Redis', async () => {
  await using command = new Command('npm', ['start'])
  const base = 'http://localhost:3000'
  await until(
    `npm start to answer; it said ${command.output}`,
    120_000,
    async () => (await call('GET', `${base}/readyz`)).status === 200,
  )

  const page = await call('GET', `${base}/`)
  await using stream = await TestStream.open(`${base}/events`)
  const hello = await stream.greeted()
  const { id, worker } = await publish(base, { topic: 'lobby', data: 'x' })
  await stream.next(event => event.id === id, { withinMs: 2000 })

  const range = await call('GET', `${base}/`, { headers: { range: 'bytes=9999999-' } })
  assert.equal(range.status, 416, range.body)
  assert.match(page.body, /<title>[^<]*SSE Scaling Lab/)
  assert.match(String(page.headers['content-security-policy']), /default-src 'self'/)
  assert.deepEqual([hello.bus, worker], ['memory', hello.worker])

  await using second = new Command('node', ['server/dist/main.js'])
  assert.equal(await second.exit(10_000), 78)
  assert.match(second.output, /^PORT 3000 is taken: stop what listens there, or choose another with PORT=/)
})

test('a socket file that cannot be listened on ends the start with what to do', async () => {
  await using command = new Command('node', ['server/dist/main.js'], {
    PORT: '3003',
    SOCKET: '/nowhere/server.sock',
  })

  assert.equal(await command.exit(10_000), 78)
  assert.match(
    command.output,
    /^SOCKET: cannot listen on \/nowhere\/server\.sock@[^ ]+: its folder must exist/m,
  )
})

test('npm run cluster serves from several workers through Redis', async () => {
  await stackReady()
  await using command = new Command('npm', ['run', 'cluster'], {
    PORT: '3002',
    WORKERS: '2',
    REDIS_URL: 'redis://redis:6379',
    DRAIN_MS: '100',
  })
  const base = 'http://localhost:3002'
  const streams: TestStream[] = []
  await until(`two workers; it said ${command.output}`, 150_000, async () => {
    const stream = await TestStream.open(`${base}/events?topic=cluster`)
    streams.push(stream)
    await stream.greeted()
    return new Set(streams.map(it => it.hello?.worker)).size === 2
  })

  const { id } = await publish(base, { topic: 'cluster', data: 'x' })

  for (const stream of streams) {
    await stream.next(event => event.id === id, { withinMs: 5000 })
    stream.close()
  }
})

for (const version of ['20.1.0', '24.8.0']) {
  test(`Node ${version} is too old, and gets one clear line`, async () => {
    const pretend = `Object.defineProperty(process.versions, 'node', { value: '${version}' }); require('./scripts/check-node.cjs')`
    await using command = new Command('node', ['-e', pretend])

    assert.equal(await command.exit(5000), 1)
    assert.match(command.output, /^SSE Scaling Lab needs Node 24.9 or later[^\n]*\n$/)
  })
}

test('the scripts of package.json check the Node version before anything else', async () => {
  const { default: json } = await import('../../package.json', { with: { type: 'json' } })

  for (const name of ['prestart', 'precluster'] as const)
    assert.match(json.scripts[name], /^node scripts\/check-node\.cjs && /)
})
