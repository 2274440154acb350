import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { call } from '@sse-lab/testkit/publish.ts'
import { docker, readWorkers, startRedis, startServer, type ListedWorker } from '@sse-lab/testkit/stack.ts'
import { until } from '@sse-lab/testkit/wait.ts'

/** Two servers with one host name, on one Redis. */
const resources = new AsyncDisposableStack()
const ids: Record<string, string> = {}
let redis = ''

before(async () => {
  redis = resources.use(await startRedis('namesake-redis')).getId()
  const env = { REDIS_URL: 'redis://namesake-redis:6379', WORKERS: '2', LAB: '1', DRAIN_MS: '100' }
  for (const alias of ['namesake-a', 'namesake-b'])
    ids[alias] = resources.use(await startServer(alias, env, { hostname: 'namesake' })).getId()
})
after(async () => {
  await resources.disposeAsync()
})

async function listed(alias: string, count: number): Promise<ListedWorker[]> {
  return await until(`${count} workers at ${alias}`, 30_000, async () => {
    const { workers } = await readWorkers(`http://${alias}:3000`)
    return workers.length === count && workers.every(({ ready }) => ready) ? workers : undefined
  })
}

/** What the health check of a container says; empty if it is content. */
async function health(alias: string): Promise<string> {
  return await docker('exec', ids[alias] ?? '', 'node', 'dist/cluster/healthcheck.js').catch(
    (error: unknown) => String(error),
  )
}

test('all their workers are listed, and a dead one turns its own health check red, and no other', async () => {
  for (const alias of ['namesake-a', 'namesake-b']) {
    const workers = await listed(alias, 4)
    assert.deepEqual(
      [new Set(workers.map(({ host }) => host)).size, new Set(workers.map(({ worker }) => worker)).size],
      [1, 4],
    )
    assert.equal(await health(alias), '')
  }

  await docker('exec', ids['namesake-a'] ?? '', 'npx', 'pm2', 'stop', '1')
  try {
    await listed('namesake-b', 3)
    await until('it to be red', 10_000, async () => /1 of 2 workers ready/.test(await health('namesake-a')))
    assert.equal(await health('namesake-b'), '')
  } finally {
    await docker('exec', ids['namesake-a'] ?? '', 'npx', 'pm2', 'start', '1')
  }
  await listed('namesake-b', 4)
})

test('what is forged in the list ends no process of either', async () => {
  const [own] = await listed('namesake-a', 4)
  assert.ok(own)
  // The number 9 is none of theirs; 1 is pm2 itself.
  const worker = `${own.host}/${own.server}/9`
  const forged = JSON.stringify({ ...own, worker, instance: 9, pid: 1 })
  const pids = (await listed('namesake-a', 4)).map(({ pid }) => pid)
  await docker('exec', redis, 'redis-cli', 'hset', 'sse-lab:workers', worker, forged)

  for (const alias of ['namesake-a', 'namesake-b']) {
    const headers = { 'content-type': 'application/json' }
    const body = JSON.stringify({ worker, act: 'kill' })
    const answer = await call('POST', `http://${alias}:3000/api/lab/workers`, { headers, body })
    assert.ok(answer.status === 400 || answer.status === 503, answer.body)
  }

  await docker('exec', redis, 'redis-cli', 'hdel', 'sse-lab:workers', worker)
  assert.deepEqual(
    (await listed('namesake-a', 4)).map(({ pid }) => pid),
    pids,
  )
})
