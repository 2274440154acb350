import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { freePort } from '@sse-lab/testkit/listen.ts'
import { call, publish } from '@sse-lab/testkit/publish.ts'
import { TestStream } from '@sse-lab/testkit/stream.ts'
import { until } from '@sse-lab/testkit/wait.ts'
import { startCluster, startWatched } from './redis-groups.ts'

const main = `${import.meta.dirname}/../../src/main.ts`

for (const [mode, start] of [
  ['cluster', startCluster],
  ['sentinel', startWatched],
] as const) {
  test(`the lab's server runs with REDIS_MODE=${mode}: it publishes, reads, and lists its workers`, async () => {
    await using more = new AsyncDisposableStack()
    const group = more.use(await start())
    const port = await freePort()
    const env = { REDIS_URL: group.url, REDIS_MODE: mode, PORT: String(port), LOG_LEVEL: 'silent' }
    const server = spawn(process.execPath, [main], { env: { ...process.env, ...env }, stdio: 'inherit' })
    more.defer(async () => {
      server.kill('SIGKILL')
      await once(server, 'exit')
    })
    const base = `http://127.0.0.1:${port}`
    await until('the server', 20_000, async () => (await call('GET', `${base}/readyz`)).status === 200)

    const stream = more.use(await TestStream.open(`${base}/events?topic=a`))
    await stream.greeted()
    const { id } = await publish(base, { topic: 'a', data: 1 })
    await stream.next(event => event.id === id, { withinMs: 5000 })
    const { workers } = JSON.parse((await call('GET', `${base}/api/workers`)).body)

    assert.equal(workers.length, 1)
  })
}
