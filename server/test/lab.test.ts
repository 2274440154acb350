import assert from 'node:assert/strict'
import { test } from 'node:test'
import { call } from '@sse-lab/testkit/publish.ts'
import { fixed, listWorkers, stackReady, type ListedWorker } from '@sse-lab/testkit/stack.ts'
import { TestStream } from '@sse-lab/testkit/stream.ts'
import { until } from '@sse-lab/testkit/wait.ts'

async function strike(worker: string, act: 'kill' | 'reload'): Promise<number> {
  const headers = { 'content-type': 'application/json' }
  const body = JSON.stringify({ worker, act })
  return (await call('POST', `${fixed}/api/lab/workers`, { headers, body })).status
}

async function replaced({ worker, pid }: ListedWorker): Promise<void> {
  await until(`another process for ${worker}`, 20_000, async () => {
    const now = (await listWorkers()).find(it => it.worker === worker)
    return now !== undefined && now.ready && now.pid !== pid
  })
}

test('a worker of either container is killed by whichever worker takes the call, and pm2 replaces it', async () => {
  const workers = await stackReady()
  const hosts = [...new Set(workers.map(({ host }) => host))]
  assert.equal(hosts.length, 2)

  for (const host of hosts) {
    const struck = workers.find(it => it.host === host)
    assert.ok(struck)
    assert.equal(await strike(struck.worker, 'kill'), 202)
    await replaced(struck)
  }
  await stackReady()
})

test('a worker that is reloaded drains: its streams end as HTTP wants it', async () => {
  const [struck] = await stackReady()
  assert.ok(struck)
  const streams: TestStream[] = []
  await until('a stream on it', 10_000, async () => {
    const stream = await TestStream.openGreeted(`${fixed}/events?topic=reloaded`)
    streams.push(stream)
    return stream.hello?.worker === struck.worker
  })
  const own = streams.filter(({ hello }) => hello?.worker === struck.worker)

  assert.equal(await strike(struck.worker, 'reload'), 202)

  for (const stream of own) assert.equal((await stream.ended(20_000)).how, 'end')
  await replaced(struck)
  for (const stream of streams) stream.close()
  await stackReady()
})
